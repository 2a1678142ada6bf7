// Microphones and loudspeakers: which there are, which is chosen, how loud they are, and what to do when one fails.
import { reactive } from 'vue'

export const devices = reactive({
  microphones: [] as MediaDeviceInfo[],
  speakers: [] as MediaDeviceInfo[],
  microphone: localStorage.getItem('hl-microphone') ?? '',
  speaker: localStorage.getItem('hl-speaker') ?? '',
  volume: Number(localStorage.getItem('hl-ring-volume') ?? '0.6'),
})

export function remember(): void {
  localStorage.setItem('hl-microphone', devices.microphone)
  localStorage.setItem('hl-speaker', devices.speaker)
  localStorage.setItem('hl-ring-volume', String(devices.volume))
}

export async function listDevices(): Promise<void> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? []
  devices.microphones = all.filter((each) => each.kind === 'audioinput')
  devices.speakers = all.filter((each) => each.kind === 'audiooutput')
}

/** What went wrong with the microphone, in words with the remedy. */
export function microphoneProblem(error: unknown): string {
  if (!window.isSecureContext) return '浏览器只在 https 或本机地址上允许使用麦克风。请用 https 打开本页；管理员可用 hotline tls 生成证书。'
  switch ((error as DOMException | undefined)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return '浏览器没有得到麦克风许可。请点地址栏左侧的图标，把“麦克风”改为允许，再接听。'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return '没有找到麦克风。请插好耳机，或在“音频设备”里另选一个。'
    case 'NotReadableError':
    case 'AbortError':
      return '麦克风被别的程序占用或没有响应。请关闭占用它的程序，或拔下再插一次。'
    default:
      return '麦克风没有打开。请检查耳机，或在“音频设备”里另选一个。'
  }
}

/** Whether the browser would ask for the microphone only when somebody is already on the line. */
export async function mustAskForMicrophone(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state === 'prompt'
  } catch {
    return false
  }
}

/** Open the chosen microphone; one that is no longer there is replaced by the system's own choice. */
export async function openMicrophone(): Promise<MediaStream> {
  const media = navigator.mediaDevices
  if (!media) throw new DOMException('no media devices', 'SecurityError')
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  try {
    return await media.getUserMedia({ audio: devices.microphone ? { ...wanted, deviceId: { exact: devices.microphone } } : wanted })
  } catch (error) {
    const name = (error as DOMException).name
    if (!devices.microphone || (name !== 'OverconstrainedError' && name !== 'NotFoundError')) throw error
    return await media.getUserMedia({ audio: wanted })
  }
}

/** Let a sound come out of the chosen loudspeaker, where the browser can choose. */
export async function routeTo(element: HTMLMediaElement): Promise<void> {
  const able = element as HTMLMediaElement & { setSinkId?: (id: string) => Promise<void> }
  if (able.setSinkId) await able.setSinkId(devices.speaker).catch(() => undefined)
}

let context: AudioContext | null = null
export function audioContext(): AudioContext {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume()
  return context
}

/** How loud a stream is (0..1), asked as often as one likes; `stop` ends it. */
export function loudness(stream: MediaStream): { level: () => number; stop: () => void } {
  const source = audioContext().createMediaStreamSource(stream)
  const analyser = audioContext().createAnalyser()
  analyser.fftSize = 1024
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    level() {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const each of samples) sum += each * each
      const db = 10 * Math.log10(sum / samples.length + 1e-10)
      return Math.min(1, Math.max(0, (db + 60) / 60))
    },
    stop: () => source.disconnect(),
  }
}

/** Ring until told to stop: two tones, as a telephone of the public network does. */
export function ring(): () => void {
  const sound = audioContext()
  const loud = sound.createGain()
  loud.gain.value = 0
  loud.connect(sound.destination)
  const tones = [440, 480].map((hz) => {
    const tone = sound.createOscillator()
    tone.frequency.value = hz
    tone.connect(loud)
    tone.start()
    return tone
  })
  const begin = sound.currentTime
  for (let second = 0; second < 120; second += 5) {
    loud.gain.setTargetAtTime(devices.volume * 0.2, begin + second, 0.02)
    loud.gain.setTargetAtTime(0, begin + second + 1, 0.02)
  }
  return () => {
    for (const tone of tones) tone.stop()
    loud.disconnect()
  }
}
