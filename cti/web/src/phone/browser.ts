// The telephone in the page: JsSIP over our own `/sip`, audio by WebRTC. Transfer, consult and conference are the server's.
import JsSIP from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import { act, type SipAccount } from '../api'
import { listDevices, loudness, microphoneProblem, openMicrophone, ring, routeTo } from './devices'
import { quality, reading, type Reading } from './quality'
import { phone, type Telephone } from './view'

/** How long ICE may look for more addresses after the last one it found: nobody waits for a dead server. */
const ICE_QUIET_MS = 200
const LEVEL_MS = 120
const STATS_MS = 2000

type Meter = ReturnType<typeof loudness>

export interface Owner {
  /** Whether a ring that comes now was asked for by the agent (call out, monitoring) and is to be answered at once. */
  isExpected(): boolean
  /** The call the seat is on by the board, for what the server must do when the telephone cannot. */
  call(): string | null
  /** Whether the server says that the seat is talking; true while it is not known. */
  mayBeTalking(): boolean
}

export function browserPhone(account: SipAccount, owner: Owner): Telephone {
  const audio = document.createElement('audio')
  audio.autoplay = true
  audio.dataset.role = 'remote'
  document.body.append(audio)
  let talk: RTCSession | null = null
  let microphone: MediaStream | null = null
  let stopRing: (() => void) | null = null
  let incoming: Meter | null = null
  let outgoing: Meter | null = null
  let before: Reading | null = null
  let silentFor = 0
  let isClosed = false

  const address = account.ws.startsWith('ws') ? account.ws : `${location.origin.replace(/^http/, 'ws')}${account.ws}`
  const agent = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(address)],
    uri: account.uri,
    password: account.password,
    register: true,
    register_expires: 60,
    session_timers: false,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 5,
    user_agent: 'hotline12345',
  })
  phone.kind = 'browser'
  phone.line = 'connecting'
  agent.on('registered', () => {
    phone.line = 'ready'
    if (phone.problem.startsWith('话机')) phone.problem = ''
  })
  agent.on('unregistered', () => (phone.line = isClosed ? 'off' : 'lost'))
  agent.on('registrationFailed', (event) => {
    phone.line = 'refused'
    phone.problem = `话机没有登记上（${event.cause ?? ''}）。本席位若用桌上的话机，请退出后在登录页选“桌上的话机”；否则请重新登录，仍不行请管理员检查席位。`
  })
  agent.on('disconnected', () => {
    if (!isClosed) phone.line = 'lost'
  })
  agent.on('newRTCSession', (event: { originator: string; session: RTCSession }) => {
    if (event.originator !== 'remote') return
    if (talk && owner.mayBeTalking()) {
      event.session.terminate({ status_code: 486 })
      return
    }
    const dead = talk // its end was told while our socket was away
    if (dead) {
      over(dead)
      if (!dead.isEnded()) dead.terminate()
    }
    take(event.session)
  })

  function take(session: RTCSession): void {
    talk = session
    phone.talk = 'ringing'
    phone.since = Date.now()
    let patience = 0
    session.on('icecandidate', (event) => {
      clearTimeout(patience)
      patience = window.setTimeout(() => event.ready(), ICE_QUIET_MS)
    })
    session.on('peerconnection', (event) => listenTo(event.peerconnection))
    if (session.connection) listenTo(session.connection)
    session.on('confirmed', () => {
      phone.talk = 'talking'
      phone.since = Date.now()
      quiet()
    })
    session.on('hold', (event) => {
      if (event.originator === 'local') phone.isHeld = true
    })
    session.on('unhold', (event) => {
      if (event.originator === 'local') phone.isHeld = false
    })
    session.on('ended', () => over(session))
    session.on('failed', () => over(session))
    if (owner.isExpected()) void telephone.answer()
    else if (!stopRing) stopRing = ring()
  }

  function listenTo(connection: RTCPeerConnection): void {
    connection.addEventListener('track', (event) => {
      const stream = event.streams[0] ?? new MediaStream([event.track])
      audio.srcObject = stream
      void routeTo(audio)
      void audio.play().catch(() => (phone.problem = '浏览器没有放出声音。请点一下页面任意处。'))
      incoming?.stop()
      incoming = loudness(stream)
    })
  }

  function quiet(): void {
    stopRing?.()
    stopRing = null
  }

  function over(session: RTCSession): void {
    if (talk !== session) return
    quiet()
    talk = null
    for (const track of microphone?.getTracks() ?? []) track.stop()
    microphone = null
    incoming?.stop()
    outgoing?.stop()
    incoming = outgoing = null
    before = null
    silentFor = 0
    audio.srcObject = null
    Object.assign(phone, { talk: 'none', isHeld: false, isMuted: false, since: 0, quality: null, heard: 0, spoken: 0 })
  }

  async function listen(): Promise<MediaStream> {
    const stream = await openMicrophone()
    for (const track of stream.getTracks()) {
      track.onended = () => {
        phone.problem = '麦克风断开了，对方听不到您。请重新插好耳机，插好后自动恢复。'
      }
    }
    outgoing?.stop()
    outgoing = loudness(stream)
    if (phone.problem.includes('麦克风')) phone.problem = ''
    return stream
  }

  async function replaceMicrophone(): Promise<void> {
    await listDevices()
    const track = microphone?.getAudioTracks()[0]
    if (!talk || (track && track.readyState === 'live')) return
    try {
      microphone = await listen()
      const sender = talk.connection.getSenders().find((each) => each.track?.kind === 'audio' || each.track === null)
      await sender?.replaceTrack(microphone.getAudioTracks()[0] ?? null)
    } catch (error) {
      phone.problem = microphoneProblem(error)
    }
  }

  const levels = window.setInterval(() => {
    if (phone.talk !== 'talking') return
    phone.heard = incoming?.level() ?? 0
    phone.spoken = phone.isMuted || phone.isHeld ? 0 : (outgoing?.level() ?? 0)
  }, LEVEL_MS)
  const watch = window.setInterval(async () => {
    if (phone.talk !== 'talking' || !talk?.connection) return
    const stats: Record<string, unknown>[] = []
    ;(await talk.connection.getStats()).forEach((each: Record<string, unknown>) => stats.push(each))
    const now = reading(stats)
    if (!now) return
    silentFor = before && now.received === before.received ? silentFor + STATS_MS : 0
    phone.quality = quality(before, now)
    before = now
    // A hang-up told while our socket was away never reaches us: nothing comes in, and the server knows of no talk.
    if (silentFor > 0 && !owner.mayBeTalking() && talk) {
      const dead = talk
      over(dead)
      if (!dead.isEnded()) dead.terminate()
    }
  }, STATS_MS)
  navigator.mediaDevices?.addEventListener?.('devicechange', replaceMicrophone)
  void listDevices()
  agent.start()

  const telephone: Telephone = {
    async answer() {
      const session = talk
      if (!session || phone.talk !== 'ringing') return
      phone.talk = 'answering'
      quiet()
      try {
        microphone = await listen()
      } catch (error) {
        phone.problem = microphoneProblem(error)
        if (talk === session) {
          phone.talk = 'ringing'
          stopRing = ring()
        }
        return
      }
      if (talk !== session || session.isEnded()) {
        for (const track of microphone.getTracks()) track.stop()
        return
      }
      session.answer({ mediaStream: microphone, mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } })
    },
    async hangUp() {
      const call = owner.call()
      if (talk && agent.isConnected()) talk.terminate()
      else if (call) await act('call.hangup', { call })
    },
    async hold(on) {
      if (on) talk?.hold()
      else talk?.unhold()
    },
    async mute(on) {
      if (on) talk?.mute({ audio: true })
      else talk?.unmute({ audio: true })
      phone.isMuted = on
    },
    async key(digit) {
      talk?.sendDTMF(digit, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 })
    },
    close() {
      isClosed = true
      clearInterval(levels)
      clearInterval(watch)
      navigator.mediaDevices?.removeEventListener?.('devicechange', replaceMicrophone)
      quiet()
      agent.stop()
      audio.remove()
      Object.assign(phone, { kind: 'none', line: 'off', talk: 'none', problem: '' })
    },
  }
  return telephone
}
