// A unit's orders as the server tells them, and the questions this page asks.
import { ApiError, ask, get, post } from '../api'

export interface Row {
  number: string
  state: string
  state_title: string
  title: string
  place: string
  urgency: string
  version: number
  owner: string
  lead: string
  due_at: string | null
  opened_at: string
  light: 'green' | 'amber' | 'red' | 'none'
  light_words: string
  is_supervised: boolean
}
export interface Detail extends Row {
  fields: Record<string, string>
  citizen: { name: string; phone: string }
  category_title: string
  pack: string
  reply?: string
  new_facts?: string
  assistants?: string[]
  level?: string
  extensions?: number
  returned_by?: string[]
}
export interface Field {
  name: string
  title: string
  kind: 'text' | 'yes' | 'instant' | 'limit' | 'number' | 'texts' | 'steps'
  is_required: boolean
  choices: { value: string; title: string }[]
}
export interface Move {
  name: string
  title: string
  is_possible: boolean
  refusals: string[]
  fields: Field[]
}
export interface Step {
  seq: number
  at: string
  who: string
  role: string
  title: string
  state_title: string
  words: Record<string, unknown>
}
export interface Due {
  due_at: string | null
  is_provisional: boolean
  lines: string[]
  clause: string
  is_soft: boolean
}
export interface Whole {
  order: Detail
  moves: Move[]
  version: number
  steps: Step[]
  due: Due
}
export type Tab = 'sign' | 'work' | 'wait' | 'all'

/** The states that a unit has to do something in, and those in which it waits for the hotline. */
export const TABS: { key: Tab; title: string; states: string[] }[] = [
  { key: 'sign', title: '待签收', states: ['dispatched'] },
  { key: 'work', title: '办理中', states: ['handling', 'second_notice', 'rectifying', 'redo', 'deferred', 'extension_approved', 'paused'] },
  { key: 'wait', title: '等热线中心', states: ['return_requested', 'extension_requested', 'replied', 'reviewed', 'field_verification'] },
  { key: 'all', title: '全部', states: [] },
]
export const PAGE = 20

export async function list(tab: Tab, words: string, page: number): Promise<{ orders: Row[]; total: number }> {
  const query = new URLSearchParams({ page: String(page), size: String(PAGE) })
  for (const state of TABS.find((each) => each.key === tab)?.states ?? []) query.append('state', state)
  if (words.trim()) query.set('words', words.trim())
  if (tab !== 'all') query.set('due_before', '2999-01-01T00:00:00Z')
  return await get(`/api/orders?${query}`)
}

export async function whole(number: string): Promise<Whole> {
  const at = `/api/orders/${encodeURIComponent(number)}`
  const [order, open, past, due] = await Promise.all([
    get<Detail>(at),
    get<{ version: number; actions: Move[] }>(`${at}/actions`),
    get<{ events: Step[] }>(`${at}/history`),
    get<Due>(`${at}/due`),
  ])
  return { order, moves: open.actions, version: open.version, steps: past.events, due }
}

export async function move(number: string, action: string, fields: Record<string, unknown>, version: number): Promise<Row> {
  return await post(`/api/orders/${encodeURIComponent(number)}/actions`, { action, fields, version })
}

export interface Attached {
  id: string
  name: string
}
export async function attach(number: string, file: File): Promise<Attached> {
  return await ask('POST', `/api/orders/${encodeURIComponent(number)}/files?name=${encodeURIComponent(file.name)}`, file, 60_000)
}

export function words(error: unknown): string {
  return error instanceof ApiError ? error.message : '没有做成。请刷新后再试。'
}

const INSTANT = new Intl.DateTimeFormat('zh-CN', { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Shanghai' })
export function instant(at: string | null | undefined): string {
  return at ? INSTANT.format(new Date(at)) : ''
}
