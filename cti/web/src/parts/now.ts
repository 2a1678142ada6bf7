// One clock for all running times of the page, by the server's time.
import { ref } from 'vue'
import { serverNow } from '../live'

export const now = ref(serverNow())
window.setInterval(() => (now.value = serverNow()), 500)

/** Seconds since an instant, 0 when there is none. */
export function since(at: string | number | null | undefined): number {
  if (!at) return 0
  const began = typeof at === 'number' ? at : Date.parse(at)
  return Number.isNaN(began) ? 0 : Math.max(0, (now.value - began) / 1000)
}
