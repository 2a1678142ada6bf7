// Hear the second of the recording in which something was said.
let audio: HTMLAudioElement | null = null
let stop = 0

/** Play `from` to `until` (seconds of the call) of who said it; what cannot be played is told with the reason. */
export async function playWords(call: string, from: number, until: number, leg: string): Promise<void> {
  audio?.pause()
  clearTimeout(stop)
  const part = leg === 'agent' || leg === 'caller' ? leg : 'mix'
  const sound = new Audio(`/api/calls/${encodeURIComponent(call)}/recording/${part}`)
  audio = sound
  sound.preload = 'auto'
  await new Promise<void>((done, failed) => {
    sound.addEventListener('loadedmetadata', () => done(), { once: true })
    sound.addEventListener('error', () => failed(new Error('这一段录音现在放不出来：通话还没有录到，或您的角色不能听。')), { once: true })
  })
  sound.currentTime = Math.max(0, from - 0.3)
  await sound.play()
  stop = window.setTimeout(() => sound.pause(), (until - from + 0.8) * 1000)
}
