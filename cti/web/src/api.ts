// Every question to the server: JSON both ways, the session cookie, the CSRF header, and errors in the server's words.
import { reactive } from 'vue'

export type Permission = string
export interface Me {
  name: string
  title: string
  roles: string[]
  permissions: Permission[]
  unit: string
  must_change?: boolean
}
export interface SipAccount {
  uri: string
  password: string
  ws: string
}
export interface Session {
  user: Me
  seat: string | null
  csrf?: string
  sip: SipAccount | null
}

/** What the server refused, in words for the person in front of the page; `code` is for the program. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text)
  }
}

/** Who is signed in. `expired`: was signed in, and the server no longer knows it; the page stays as it is. */
export const session = reactive<{ now: Session | null; expired: boolean; known: boolean }>({
  now: null,
  expired: false,
  known: false,
})

export function may(permission: Permission): boolean {
  return session.now?.user.permissions.includes(permission) ?? false
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((each) => each.startsWith(`${name}=`))
  return found ? decodeURIComponent(found.slice(name.length + 1)) : ''
}

const DEADLINE_MS = 15_000

export async function ask<T>(method: string, path: string, body?: unknown, deadlineMs = DEADLINE_MS): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-CSRF'] = cookie('hl_csrf') || session.now?.csrf || ''
  const isRaw = body instanceof Blob || body instanceof FormData
  if (body !== undefined && !isRaw) headers['Content-Type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : isRaw ? (body as BodyInit) : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(deadlineMs),
    })
  } catch {
    throw new ApiError(0, 'offline', '连不上服务器。请检查网络；正在进行的通话不受影响。')
  }
  const text = await answer.text()
  let told: unknown = null
  try {
    told = text ? JSON.parse(text) : null
  } catch {
    told = null
  }
  if (answer.ok) return told as T
  const { error, code } = (told ?? {}) as { error?: string; code?: string }
  if (answer.status === 401 && session.now && !path.startsWith('/api/session')) session.expired = true
  throw new ApiError(answer.status, code ?? `http_${answer.status}`, error ?? `服务器没有完成（${answer.status}）。请稍后再试。`)
}

export const get = <T>(path: string): Promise<T> => ask<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>('POST', path, body)

export interface Answer {
  ok: boolean
  text: string
  [more: string]: unknown
}

/** Ask the controller for something (`call.hold`, `seat.ready`, …); refused becomes an ApiError with its words. */
export async function act(verb: string, body: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await post<Answer>(`/api/do/${verb}`, body)
  if (!answer.ok) throw new ApiError(409, typeof answer.code === 'string' ? answer.code : 'refused', answer.text || '现在不能这样做。')
  return answer
}

export async function loadSession(): Promise<void> {
  try {
    session.now = await get<Session>('/api/session')
    session.expired = false
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    if (session.now) session.expired = true
  } finally {
    session.known = true
  }
}

/** `telephone`: the seat's telephone is this page, or one beside it. */
export async function signIn(name: string, password: string, seat: string, telephone: 'browser' | 'phone' = 'browser'): Promise<void> {
  session.now = await post<Session>('/api/session', seat ? { name, password, seat, telephone } : { name, password })
  session.expired = false
  session.known = true
}

export async function signOut(): Promise<void> {
  await ask('DELETE', '/api/session').catch(() => undefined)
  session.now = null
  session.expired = false
}
