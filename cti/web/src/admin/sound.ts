// Sound in the page: prompts to hear, and what is said into the microphone as the WAV file that the server wants.
import { ApiError, session } from '../api'

let playing: HTMLAudioElement | null = null

export function playBlob(sound: Blob): void {
  playing?.pause()
  const address = URL.createObjectURL(sound)
  playing = new Audio(address)
  playing.onended = () => URL.revokeObjectURL(address)
  void playing.play()
}

function csrf(): string {
  const found = document.cookie.split('; ').find((each) => each.startsWith('hl_csrf='))
  return found ? decodeURIComponent(found.slice(8)) : (session.now?.csrf ?? '')
}

/** Ask for a sound and play it; words are spoken by the synthesiser. */
export async function say(words: string, speed = 1): Promise<void> {
  const answer = await fetch('/api/flows/say', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF': csrf() },
    body: JSON.stringify({ words, speed }),
  })
  await play(answer)
}

export async function playSound(name: string): Promise<void> {
  await play(await fetch(`/api/admin/sound?name=${encodeURIComponent(name)}`))
}

async function play(answer: Response): Promise<void> {
  if (!answer.ok) {
    const told = (await answer.json().catch(() => ({}))) as { error?: string; code?: string }
    throw new ApiError(answer.status, told.code ?? '', told.error ?? '放不出来，请稍后再试。')
  }
  playBlob(await answer.blob())
}

/** Send a sound and return what the server says of it. */
export async function send<T>(path: string, sound: Blob): Promise<T> {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'audio/wav', 'X-CSRF': csrf() }, body: sound })
  const told = (await answer.json().catch(() => ({}))) as T & { error?: string; code?: string }
  if (!answer.ok) throw new ApiError(answer.status, told.code ?? '', told.error ?? '没有收到这个录音，请再试一次。')
  return told
}

const RATE = 16_000

export interface Recording {
  stop: () => Promise<Blob>
  cancel: () => void
}

/** Begin to record; `stop` gives a WAV of 16 kHz. An error in words when the microphone is refused or missing. */
export async function record(): Promise<Recording> {
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  } catch {
    throw new Error('用不了麦克风。改法：在浏览器里允许本页使用麦克风，或检查它是否插好；也可以上传 WAV 文件。')
  }
  const recorder = new MediaRecorder(stream)
  const parts: Blob[] = []
  recorder.ondataavailable = (event) => parts.push(event.data)
  recorder.start()
  const close = (): void => stream.getTracks().forEach((track) => track.stop())
  return {
    cancel: () => {
      recorder.stop()
      close()
    },
    stop: () =>
      new Promise((done, fail) => {
        recorder.onstop = () => {
          close()
          toWav(new Blob(parts)).then(done, fail)
        }
        recorder.stop()
      }),
  }
}

async function toWav(sound: Blob): Promise<Blob> {
  const context = new OfflineAudioContext(1, 1, RATE)
  const heard = await context.decodeAudioData(await sound.arrayBuffer())
  const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(heard.duration * RATE)), RATE)
  const source = offline.createBufferSource()
  source.buffer = heard
  source.connect(offline.destination)
  source.start()
  const values = (await offline.startRendering()).getChannelData(0)
  const bytes = new DataView(new ArrayBuffer(44 + values.length * 2))
  const write = (at: number, text: string): void => [...text].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)))
  write(0, 'RIFF')
  bytes.setUint32(4, 36 + values.length * 2, true)
  write(8, 'WAVEfmt ')
  bytes.setUint32(16, 16, true)
  bytes.setUint16(20, 1, true)
  bytes.setUint16(22, 1, true)
  bytes.setUint32(24, RATE, true)
  bytes.setUint32(28, RATE * 2, true)
  bytes.setUint16(32, 2, true)
  bytes.setUint16(34, 16, true)
  write(36, 'data')
  bytes.setUint32(40, values.length * 2, true)
  values.forEach((value, i) => bytes.setInt16(44 + i * 2, Math.max(-1, Math.min(1, value)) * 32767, true))
  return new Blob([bytes], { type: 'audio/wav' })
}
