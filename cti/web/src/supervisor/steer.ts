// What a supervisor does to calls, seats and who waits; said in one place, with the server's own words as the answer.
import { ref } from 'vue'
import { act, ApiError, session } from '../api'
import { expectRing } from '../phone/seat'

export const told = ref<{ text: string; isBad: boolean } | null>(null)
let quiet = 0

export function say(text: string, isBad = false): void {
  told.value = { text, isBad }
  clearTimeout(quiet)
  quiet = window.setTimeout(() => (told.value = null), 8000)
}

export async function steer(verb: string, body: Record<string, unknown>): Promise<boolean> {
  try {
    const answer = await act(verb, body)
    say(answer.text || '好。')
    return true
  } catch (error) {
    say(error instanceof ApiError ? error.message : '没有做成，请稍后再试。', true)
    return false
  }
}

/** Listening in rings one's own seat first: this page answers it by itself. */
export async function monitor(how: string, call: string): Promise<boolean> {
  if (!session.now?.seat) {
    say('监听要用话机：请退出后选一个席位再登录。', true)
    return false
  }
  if (how !== 'stop') expectRing()
  return steer(`monitor.${how}`, how === 'stop' ? {} : { call })
}
