// Hear the second of the recording in which something was said, while the call still goes on or afterwards.
// Only that piece is fetched: the header of a file that is still written says nothing of its length.
import { ApiError } from '../api'
import { audioContext } from '../phone/devices'

const HEADER = 44
const BEFORE_S = 0.3
const AFTER_S = 0.6
let playing: AudioBufferSourceNode | null = null

/** Play `from` to `until` (seconds of the call) of who said it; what cannot be played is told with the reason. */
export async function playWords(call: string, from: number, until: number, leg: string): Promise<void> {
  const part = leg === 'agent' || leg === 'caller' ? leg : 'mix'
  const address = `/api/calls/${encodeURIComponent(call)}/recording/${part}`
  const head = new DataView(await bytes(address, 0, HEADER - 1))
  if (head.byteLength < HEADER || head.getUint32(0) !== 0x52494646 || head.getUint16(34, true) !== 16) throw new ApiError(415, 'odd', '这段录音的格式放不出来。')
  const channels = head.getUint16(22, true)
  const rate = head.getUint32(24, true)
  const at = (seconds: number) => HEADER + Math.floor(Math.max(0, seconds) * rate) * channels * 2
  const pcm = new DataView(await bytes(address, at(from - BEFORE_S), at(until + AFTER_S) - 1))
  const frames = Math.floor(pcm.byteLength / (channels * 2))
  if (!frames) throw new ApiError(416, 'too_early', '这几秒还没有录好，请稍后再听。')
  const sound = audioContext().createBuffer(1, frames, rate)
  const samples = sound.getChannelData(0)
  for (let frame = 0; frame < frames; frame++) samples[frame] = pcm.getInt16(frame * channels * 2, true) / 32768
  playing?.stop()
  playing = audioContext().createBufferSource()
  playing.buffer = sound
  playing.connect(audioContext().destination)
  playing.start()
}

async function bytes(address: string, first: number, last: number): Promise<ArrayBuffer> {
  let answer: Response
  try {
    answer = await fetch(address, { headers: { Range: `bytes=${first}-${last}` }, cache: 'no-store', signal: AbortSignal.timeout(10_000) })
  } catch {
    throw new ApiError(0, 'offline', '连不上服务器，录音现在放不出来。')
  }
  if (answer.status === 416) throw new ApiError(416, 'too_early', '这几秒还没有录好，请稍后再听。')
  if (!answer.ok) {
    const told = (await answer.json().catch(() => ({}))) as { error?: string }
    throw new ApiError(answer.status, 'no_recording', told.error ?? '没有这段录音。')
  }
  const whole = await answer.arrayBuffer()
  return answer.status === 206 ? whole : whole.slice(first, last + 1)
}
