// The agent's work on each call: who called, what is said, what is suggested and typed. It outlives the call on the board.
import { computed, reactive, ref } from 'vue'
import { act, ApiError, get, post, session } from '../api'
import { board, link, type CallRow, type EmergencyRow, type LiveEvent } from '../live'
import { readDraft, type Suggestions, type Typed } from './draft'
import { forget, keep, kept } from './keeping'
import { tell, trying } from './notices'
import { hear, together, type Said } from './turns'

export interface KnownOrder {
  number: string
  state: string
  unit: string
  category: string
  created: string
  title?: string
}
export interface Known {
  calls: number
  nuisances: number
  last_seat: string | null
  last_call_at: string | null
  orders: KnownOrder[]
  is_vip?: boolean
}
export interface Alike {
  number: string
  likeness: number
  reasons: string[]
  linked?: boolean
}
export interface Told {
  text: string
  asks: string[]
  at: string
}
export interface Work {
  call: string
  caller: string
  row: CallRow | null
  known: Known | null
  said: Said[]
  suggestions: Suggestions
  reasons: string[]
  typed: Record<string, Typed>
  problems: Record<string, string>
  similar: Alike[]
  order: string
  isConfirmed: boolean
  isOver: boolean
  /** This seat talked in it: what was written down stays until it is confirmed. */
  wasTalked: boolean
  marks: Record<string, Record<string, string>>
  told: Record<string, Told>
}

export const works = reactive<Record<string, Work>>({})
export const chosen = ref('')
export const work = computed<Work | null>(() => works[chosen.value] ?? null)

function fresh(call: string): Work {
  return {
    call, caller: '', row: null, known: null, said: [], suggestions: {}, reasons: [], typed: {}, problems: {}, similar: [], order: '',
    isConfirmed: false, isOver: false, wasTalked: false, marks: {}, told: {},
  }
}

/** The calls that concern this seat: it rings here, it is talked here. Of other people's calls only a part of the row is told. */
function mine(row: CallRow, seat: string): boolean {
  if (row.state === 'over') return false
  const isIn = row.parties?.some((each) => each.seat === seat && each.in_talk !== false) ?? false
  return row.seat === seat || isIn || (row.ringing_seats?.includes(seat) ?? false)
}

function open(row: CallRow): void {
  let here = works[row.call]
  const isNew = !here
  if (!here) {
    works[row.call] = fresh(row.call)
    here = works[row.call] as Work
  }
  follow(here, row)
  if (isNew) {
    for (const each of Object.values(works)) if (each.isOver && (each.isConfirmed || isUntouched(each))) drop(each.call)
    chosen.value = row.call
    performance.mark(`popup:${row.call}`)
    void load(row.call)
  }
}

function follow(here: Work, row: CallRow): void {
  here.row = row
  here.caller = row.caller || here.caller
  here.order = row.order || here.order
  if (row.known) here.known = row.known as Known
  here.isOver = row.state === 'over'
  if (row.state === 'talking' && row.seat && row.seat === session.now?.seat) here.wasTalked = true
}

let questions = 0
const answered: Record<string, number> = {}
/** Answers may overtake each other: a draft that was asked for before the one that stands is left out. */
function takeDraft(here: Work, draft: unknown, question: number): void {
  if (question < (answered[here.call] ?? 0)) return
  answered[here.call] = question
  const { fields, reasons } = readDraft(draft)
  here.suggestions = fields
  here.reasons = reasons
}

let waiting: Record<string, number> = {}
/** Ask for the draft with everything in it; several changes that come together make one question. */
function loadDraftSoon(call: string): void {
  if (waiting[call]) return
  waiting[call] = window.setTimeout(async () => {
    delete waiting[call]
    const here = works[call]
    if (!here) return
    const question = ++questions
    try {
      const answer = await post<{ ok: boolean; draft?: unknown }>('/api/do/call.draft', { call })
      if (answer.draft) takeDraft(here, answer.draft, question)
    } catch {
      // The next change asks again; what is shown stays.
    }
  }, 60)
}

/**
 * Everything the server knows of a call: for a popup, and after a reload or a loss.
 * What the socket told while we asked is newer than the answer: of a call on the board only the board speaks.
 */
export async function load(call: string): Promise<void> {
  const here = works[call]
  if (!here) return
  const question = ++questions
  const { similar } = here
  try {
    const all = await get<Record<string, unknown>>(`/api/calls/${encodeURIComponent(call)}`)
    const row = (all.call ?? all.row ?? null) as CallRow | null
    if (row && typeof row === 'object' && row.call && !board.calls[call]) {
      follow(here, row)
      here.isOver = true
    }
    if (all.caller && typeof all.caller === 'object') here.known = all.caller as Known
    if (Array.isArray(all.words)) here.said = together(all.words.map(asSaid), here.said)
    if (all.draft) takeDraft(here, all.draft, question)
    if (Array.isArray(all.similar) && here.similar === similar) here.similar = all.similar as Alike[]
    if (typeof all.order === 'string') here.order = all.order || here.order
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) here.isOver = true
  }
}

function asSaid(each: unknown): Said {
  const { leg, text, reads, begun_s, ended_s, is_final } = each as Partial<Said>
  return { leg: String(leg ?? ''), text: String(text ?? ''), ...(reads ? { reads: String(reads) } : {}), begun_s: Number(begun_s ?? 0), ended_s: Number(ended_s ?? 0), is_final: is_final !== false }
}

const MARK = /^emergency_([a-z_]+)$/

/** One event of the live socket, after its patch. */
export function take(event: LiveEvent): void {
  const seat = session.now?.seat
  if (event.type === 'snapshot') {
    resume()
    return
  }
  if (seat) for (const call of Object.keys(event.patch?.calls ?? {})) settle(call, seat)
  const here = event.call ? works[event.call] : undefined
  if (!here) return
  const mark = MARK.exec(event.type)
  if (event.type === 'heard' || event.type === 'hearing') {
    here.said = hear(here.said, { ...asSaid(event.data), is_final: event.type === 'heard' })
  } else if (event.type === 'draft') loadDraftSoon(here.call)
  else if (event.type === 'similar') here.similar = (event.data.orders as Alike[] | undefined) ?? []
  else if (event.type === 'caller_known') here.known = { ...(event.data as unknown as Known) }
  else if (event.type === 'drafted' || event.type === 'finished') {
    here.order = String(event.data.order ?? (event as unknown as { order?: string }).order ?? here.order)
    loadDraftSoon(here.call)
  } else if (event.type === 'emergency_told') {
    here.told[String(event.data.case)] = { text: String(event.data.text ?? ''), asks: (event.data.asks as string[] | undefined) ?? [], at: event.at }
  } else if (mark?.[1]) {
    const name = String(event.data.case ?? '')
    here.marks[name] = { ...here.marks[name], [mark[1]]: event.at }
  }
}

/** A call of the board has changed: is it (still) ours? */
function settle(call: string, seat: string): void {
  const row = board.calls[call]
  const here = works[call]
  if (row && mine(row, seat)) open(row)
  else if (here && row) {
    follow(here, row)
    here.isOver = true // it went to somebody else: for this seat it is over
    const isHandedOn = Boolean(row.seat) && row.seat !== seat
    if (isUntouched(here) && (isHandedOn || !here.wasTalked)) drop(call)
  } else if (here && !row) {
    here.isOver = true
    if (isUntouched(here) && !here.wasTalked) drop(call)
  }
}

function isUntouched(here: Work): boolean {
  return Object.keys(here.typed).length === 0
}

function drop(call: string): void {
  delete works[call]
  delete answered[call]
  forget(call)
  if (chosen.value === call) chosen.value = Object.keys(works).at(-1) ?? ''
}

/** After a sign-in, a reload, or a loss: what is ours on the board, and what was left unfinished on this computer. */
function resume(): void {
  const now = session.now
  const seat = now?.seat
  if (!now || !seat) return
  for (const left of kept(now.user.name, Date.now())) {
    if (works[left.call]) continue
    works[left.call] = { ...fresh(left.call), caller: left.caller, typed: left.typed, isOver: true }
    void load(left.call)
  }
  for (const row of Object.values(board.calls)) if (mine(row, seat)) open(row)
  for (const here of Object.values(works)) {
    if (!board.calls[here.call]) here.isOver = true
    void load(here.call)
  }
  const own = board.seats[seat]?.call
  if (own && works[own]) chosen.value = own
  else if (!works[chosen.value]) chosen.value = Object.keys(works)[0] ?? ''
  void flush()
}

// ------------------------------------------------------------------------------------------------------------- typing

export function type(here: Work, field: string, value: string): void {
  here.typed[field] = { value, isSent: false, at: Date.now() }
  delete here.problems[field]
  store(here)
  clearTimeout(flushTimer)
  flushTimer = window.setTimeout(() => void flush(), 400)
}

function store(here: Work): void {
  keep({ call: here.call, user: session.now?.user.name ?? '', at: Date.now(), caller: here.caller, typed: here.typed })
}

let flushTimer = 0
let flushing: Promise<void> | null = null
/** Send what the server does not have yet; what cannot be sent now is sent when the connection is back. */
export function flush(): Promise<void> {
  flushing ??= sendAll().finally(() => (flushing = null))
  return flushing
}

async function sendAll(): Promise<void> {
  if (session.expired) return
  for (const here of Object.values(works)) {
    for (const [field, typed] of Object.entries(here.typed)) {
      if (typed.isSent || here.problems[field]) continue
      if (!(await send(here, field, typed))) return
    }
  }
  if (Object.values(works).some((here) => Object.entries(here.typed).some(([field, each]) => !each.isSent && !here.problems[field]))) {
    clearTimeout(flushTimer)
    flushTimer = window.setTimeout(() => void flush(), 300)
  }
}

async function send(here: Work, field: string, typed: Typed): Promise<boolean> {
  try {
    const answer = await act('order.type', { call: here.call, ...(here.order ? { order: here.order } : {}), field, value: typed.value })
    here.order = String(answer.order ?? here.order)
  } catch (error) {
    if (error instanceof ApiError && error.code !== 'away' && [400, 403, 404, 409, 422].includes(error.status)) {
      here.problems[field] = error.message
      return true
    }
    clearTimeout(flushTimer)
    flushTimer = window.setTimeout(() => void flush(), 3000)
    return false
  }
  if (here.typed[field]?.value === typed.value) {
    here.typed[field] = { ...typed, isSent: true }
    store(here)
  }
  return true
}

export function unsent(here: Work): number {
  return Object.values(here.typed).filter((each) => !each.isSent).length
}

export async function confirm(here: Work): Promise<boolean> {
  for (const field of Object.keys(here.problems)) delete here.problems[field]
  await flushing // what is on its way now began before the last words were typed
  await flush()
  if (unsent(here)) {
    tell(link.isOpen ? '有内容没有保存成功，请看标红的栏目。' : '现在连不上服务器，内容已保存在本机，恢复后再确认。', true)
    return false
  }
  const answer = await trying(() => act('order.confirm', { call: here.call, ...(here.order ? { order: here.order } : {}) }))
  if (!answer) return false
  here.isConfirmed = true
  here.order = String(answer.order ?? here.order)
  forget(here.call)
  tell(answer.text || `工单 ${here.order} 已确认。`)
  return true
}

/** The agent has done with a call that is over: take it off the desk. */
export function close(here: Work): void {
  drop(here.call)
}

// -------------------------------------------------------------------------------------------------------- emergencies

export const emergencies = computed<EmergencyRow[]>(() => {
  const here = work.value
  return here ? Object.values(board.emergencies).filter((each) => each.call === here.call) : []
})

/** Words that raised an alarm in this call: to be lit in the text. */
export const dangers = computed<string[]>(() => [...new Set(emergencies.value.flatMap((each) => each.why.split(/[、：，]/)))].filter((each) => each.length > 1))
