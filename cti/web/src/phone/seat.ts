// The one telephone of this page: begun when somebody sits at a seat, kept while they look at other pages.
import { reactive, watch } from 'vue'
import { act, ApiError, session } from '../api'
import { board, link } from '../live'
import { phone, type Telephone } from './view'

export { phone } from './view'

const EXPECTED_MS = 20_000
let telephone: Telephone | null = null
let startedFor = ''
let expectedUntil = 0

/** `browser`: the page is the telephone; `phone`: a telephone beside it. Chosen at sign-in, kept on this computer. */
export function chosenTelephone(): 'browser' | 'phone' {
  return localStorage.getItem('hl-telephone') === 'phone' ? 'phone' : 'browser'
}

/** The seat's next ring was asked for here (call out, call back, listening in): answer it without ringing. */
export function expectRing(): void {
  expectedUntil = Date.now() + EXPECTED_MS
}

export function ownCall(): string | null {
  const seat = session.now?.seat
  return seat ? (board.seats[seat]?.call ?? null) : null
}

export async function startPhone(): Promise<void> {
  const now = session.now
  const seat = now?.seat ?? ''
  const kind = now?.sip && chosenTelephone() === 'browser' ? 'browser' : 'distant'
  const wanted = seat ? `${kind} ${seat} ${now?.user.name}` : ''
  if (wanted === startedFor) return
  stopPhone()
  startedFor = wanted
  if (!wanted) return
  if (kind === 'distant') {
    const { distantPhone } = await import('./distant')
    if (startedFor === wanted) telephone = distantPhone(seat)
    return
  }
  phone.kind = 'browser'
  phone.line = 'connecting'
  const { browserPhone } = await import('./browser')
  const sip = session.now?.sip
  if (startedFor !== wanted || !sip) return
  telephone = browserPhone(sip, {
    isExpected: () => {
      const is = Date.now() < expectedUntil
      expectedUntil = 0
      return is
    },
    call: ownCall,
    mayBeTalking: () => !link.isOpen || !link.controller || board.seats[seat]?.state === 'talking',
  })
}

/** Bringing a talk back to this page: `isAsked` while it is being done, `problem` when it cannot be. */
export const comeback = reactive({ isAsked: false, problem: '' })

const SETTLED_MS = 1500
let settling = 0
/** The server says that this seat talks, and the page has no sound of it: it was reloaded, or it crashed. */
function isCutOff(): boolean {
  const row = board.seats[session.now?.seat ?? '']
  const isTalking = row?.state === 'talking' && row.call !== null && board.calls[row.call]?.state === 'talking'
  return phone.kind === 'browser' && phone.line === 'ready' && phone.talk === 'none' && link.isOpen && link.controller && !link.taken && isTalking
}
watch(isCutOff, (is) => {
  clearTimeout(settling)
  comeback.isAsked = false
  if (is) settling = window.setTimeout(() => void comeBack(), SETTLED_MS)
  else comeback.problem = ''
})
export async function comeBack(): Promise<void> {
  const call = ownCall()
  if (!call || !isCutOff() || comeback.isAsked) return
  Object.assign(comeback, { isAsked: true, problem: '' })
  expectRing()
  try {
    await act('call.rejoin', { call })
  } catch (error) {
    comeback.isAsked = false
    comeback.problem = error instanceof ApiError ? error.message : '没有接回通话。'
  }
}

export function stopPhone(): void {
  telephone?.close()
  telephone = null
  startedFor = ''
}

/** Whether there is something that a reload would cut off. */
export function isBusy(): boolean {
  return phone.kind === 'browser' && phone.talk !== 'none'
}

export const answer = (): Promise<void> => telephone?.answer() ?? Promise.resolve()
export const hangUp = (): Promise<void> => telephone?.hangUp() ?? Promise.resolve()
export const hold = (on: boolean): Promise<void> => telephone?.hold(on) ?? Promise.resolve()
export const mute = (on: boolean): Promise<void> => telephone?.mute(on) ?? Promise.resolve()
export const pressKey = (digit: string): Promise<void> => telephone?.key(digit) ?? Promise.resolve()
