// The one WebSocket of a tab: a snapshot, then numbered changes; after a loss it resumes where it was, by itself.
import { reactive } from 'vue'
import { loadSession, session } from './api'

export interface CallRow {
  call: string
  caller: string
  called: string
  line: string
  flow: string
  path: string[]
  keys: string
  state: 'flow' | 'queue' | 'ringing' | 'talking' | 'over'
  queue: string | null
  position: number | null
  priority: number
  began_at: string
  queued_at: string | null
  answered_at: string | null
  seat: string | null
  ringing_seats: string[]
  parties: { leg: string; seat: string | null; number: string; channel: string; on_hold: boolean; in_talk?: boolean }[]
  recording_paused: boolean
  their_id: string
  context: Record<string, unknown>
  words_in_flow: unknown[]
  consult: { seat?: string; number?: string; state: string; kind?: string } | null
  known?: unknown
  place?: string
  direction?: string
  monitored_by: string[]
  escalated?: { seat: string; by: string; why: string; at: string; taken_by: string } | null
  order: string | null
  text_late_s: number
  last_agent: string | null
}
export type SeatState = 'signed_out' | 'ready' | 'not_ready' | 'ringing' | 'talking' | 'after_call'
export interface SeatRow {
  seat: string
  agent: string
  user: string
  state: SeatState
  reason: string
  since: string
  call: string | null
  reachable: boolean
  skills: string[]
  queues: string[]
}
export interface QueueRow {
  queue: string
  title: string
  waiting: string[]
  longest_since: string | null
  ready: number
}
export interface EmergencyRow {
  case: string
  call: string
  kind: string
  state: 'suggested' | 'calling' | 'joined' | 'unreached' | 'closed'
  is_verified: boolean
  where: string
  seat: string | null
  source: string
  by: string
  why: string
  second: number
  attempts: number
  at: string
}
export interface Board {
  calls: Record<string, CallRow>
  seats: Record<string, SeatRow>
  queues: Record<string, QueueRow>
  emergencies: Record<string, EmergencyRow>
  today: Record<string, unknown>
  ears: Record<string, unknown>
}
export interface LiveEvent {
  t: 'event'
  seq: number
  type: string
  call: string | null
  seat: string | null
  at: string
  data: Record<string, unknown>
  patch?: { [part in keyof Board]?: Record<string, unknown> }
}

export const board = reactive<Board>({ calls: {}, seats: {}, queues: {}, emergencies: {}, today: {}, ears: {} })

/** `isOpen`: pushes arrive. `controller`: the controller is there. `taken`: another tab has this seat now. */
export const link = reactive({ isOpen: false, everOpen: false, controller: true, taken: false, lostAt: 0, skewMs: 0 })

const RETRY_MS = [300, 700, 1500, 3000, 5000]
const SILENT_MS = 40_000
const listeners = new Set<(event: LiveEvent) => void>()
const tab = sessionStorage.getItem('hl-tab') ?? crypto.randomUUID()
sessionStorage.setItem('hl-tab', tab)

let socket: WebSocket | null = null
let wanted = false
let epoch = ''
let seq = 0
let tries = 0
let retry = 0
let watchdog = 0

/** Hear every event after its patch is in the board; returns how to stop. */
export function onEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function openLive(): void {
  wanted = true
  link.taken = false
  if (!socket) connect()
}

export function closeLive(): void {
  wanted = false
  clearTimeout(retry)
  clearTimeout(watchdog)
  socket?.close(1000)
  socket = null
  Object.assign(link, { isOpen: false, everOpen: false, controller: true, taken: false, lostAt: 0 })
  epoch = ''
  seq = 0
  for (const part of Object.keys(board) as (keyof Board)[]) replace(part, {})
}

/** This server's now, in milliseconds: clocks of desks are wrong more often than one thinks. */
export function serverNow(): number {
  return Date.now() + link.skewMs
}

function replace(part: keyof Board, whole: Record<string, unknown>): void {
  ;(board as unknown as Record<string, Record<string, unknown>>)[part] = whole
}

function connect(): void {
  clearTimeout(retry)
  const own = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`)
  socket = own
  own.onopen = () => own.send(JSON.stringify({ t: 'open', epoch, seq, tab }))
  own.onmessage = (message) => {
    listen(own)
    try {
      take(JSON.parse(String(message.data)) as Record<string, unknown>)
    } catch (error) {
      console.error('live message not understood', error)
    }
  }
  own.onclose = () => {
    if (socket !== own) return
    socket = null
    clearTimeout(watchdog)
    if (link.isOpen || !link.lostAt) link.lostAt = Date.now()
    // Refused at the door looks like nobody there: only a question tells that the session is over.
    if (!link.isOpen && wanted) void loadSession().catch(() => undefined)
    link.isOpen = false
    if (wanted) retry = window.setTimeout(connect, (RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 5000) * (0.8 + 0.4 * Math.random()))
  }
}

/** A socket can be dead without saying so: the server speaks every 15 s. */
function listen(own: WebSocket): void {
  clearTimeout(watchdog)
  watchdog = window.setTimeout(() => own.close(), SILENT_MS)
}

function opened(): void {
  link.isOpen = true
  link.everOpen = true
  link.lostAt = 0
  tries = 0
}

function take(message: Record<string, unknown>): void {
  switch (message.t) {
    case 'hello': {
      epoch = String(message.epoch ?? '')
      seq = Number(message.seq ?? 0)
      const whole = (message.board ?? {}) as Partial<Board>
      for (const part of Object.keys(board) as (keyof Board)[]) replace(part, (whole[part] ?? {}) as Record<string, unknown>)
      if (typeof message.now === 'string') link.skewMs = Date.parse(message.now) - Date.now()
      opened()
      link.controller = message.controller !== false
      link.taken = (message.me as { is_taken?: boolean } | undefined)?.is_taken === true
      tell({ t: 'event', seq, type: 'snapshot', call: null, seat: null, at: new Date().toISOString(), data: {} })
      break
    }
    case 'event': {
      const event = message as unknown as LiveEvent
      if (!link.isOpen) opened()
      seq = event.seq
      if (event.type === 'board') compareClocks(event.at)
      patch(event)
      tell(event)
      break
    }
    case 'resumed':
      opened()
      break
    case 'controller':
      link.controller = message.present === true
      break
    case 'taken':
      link.taken = true
      break
    case 'expired':
      session.expired = true
      break
    default:
      if (!link.isOpen && message.t === 'ping') opened()
  }
}

/** `board` events carry the server's now; the latest of them that came quickest says how far this clock is off. */
function compareClocks(at: string): void {
  const skew = Date.parse(at) - Date.now()
  if (!Number.isNaN(skew) && (skew > link.skewMs || skew < link.skewMs - 2000)) link.skewMs = Math.abs(skew) < 1000 ? 0 : skew
}

function patch(event: LiveEvent): void {
  for (const [part, rows] of Object.entries(event.patch ?? {})) {
    const target = (board as unknown as Record<string, Record<string, unknown> | undefined>)[part]
    if (!target || !rows) continue
    for (const [key, row] of Object.entries(rows)) {
      if (row === null) delete target[key]
      else target[key] = row
    }
  }
}

function tell(event: LiveEvent): void {
  for (const listener of listeners) {
    try {
      listener(event)
    } catch (error) {
      console.error('listener failed', error)
    }
  }
}
