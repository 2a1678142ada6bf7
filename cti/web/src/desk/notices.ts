// What the agent is told in the line kept for it, and doing what may be refused.
import { ref } from 'vue'
import { ApiError } from '../api'

export const notice = ref<{ text: string; isBad: boolean } | null>(null)

let timer = 0
/** Tell the agent something in the line kept for it; it goes by itself. */
export function tell(text: string, isBad = false): void {
  notice.value = text ? { text, isBad } : null
  clearTimeout(timer)
  timer = window.setTimeout(() => (notice.value = null), isBad ? 12_000 : 5_000)
}

/** Do something that may be refused, and say so in the server's words. */
export async function trying<T>(what: () => Promise<T>, done = ''): Promise<T | null> {
  try {
    const answer = await what()
    if (done) tell(done)
    return answer
  } catch (error) {
    tell(error instanceof ApiError ? error.message : '没有完成，请再试一次。', true)
    return null
  }
}
