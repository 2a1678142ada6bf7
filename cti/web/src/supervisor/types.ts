// What the supervisor's routes answer.
export interface ListedCall {
  call: string
  caller: string
  called: string
  queue: string
  seat: string
  outcome: string
  started_at: string | null
  talked_s: number | null
  recorded_s: number
  problem: string
  total: number | null
}
export interface Hit {
  call: string
  turn: number
  leg: string
  text: string
  begin: number
  end: number
  begun_s: number
  ended_s: number
}
export type Cell = string | number | null
export interface Column {
  name: string
  title: string
  kind: 'text' | 'count' | 'share' | 'seconds'
  in_chart: boolean
}
export interface ReportTable {
  name: string
  title: string
  since: string
  until: string
  columns: Column[]
  rows: Cell[][]
  notes: string[]
  chart: 'bar' | 'line'
}
export interface Criterion {
  name: string
  title: string
  points: number
  hint: string
  fatal: boolean
}
export interface Draw {
  id: string
  at: string
  who: string
  seed: string
  wanted: { since: string; until: string; seat: string; count: number; per_seat: boolean }
  population: number
  drawn: number
  calls?: ListedCall[]
}
export interface Template {
  name: string
  title: string
  period: string
  clause: string
}
export interface Draft {
  name: string
  title: string
  since: string
  until: string
  digest: string
  is_sound: boolean
  made: string
  issued: string | null
  issued_by: string
}
export interface NumberRow {
  title: string
  kind: Column['kind']
  value: Cell
  before: Cell
  change: string
  formula: string
  clause: string
  note: string
}
export interface SheetPart {
  part: 'grid'
  title: string
  columns: Column[]
  rows: Cell[][]
  chart: 'bar' | 'line' | 'none'
  note: string
}
/** A report by template. */
export interface Paper {
  name: string
  title: string
  city: string
  since: string
  until: string
  clause: string
  is_public: boolean
  parts: ({ part: 'words'; title: string; text: string } | { part: 'numbers'; title: string; rows: NumberRow[] } | SheetPart)[]
  notes: string[]
  digest: string
}
export interface Pivot {
  title: string
  columns: Column[]
  rows: Cell[][]
  note: string
}
export interface Wanted {
  name?: string
  since?: string | null
  until?: string | null
  words?: string
}
export interface Wish {
  id: string
  what: string
  title: string
  wanted: Wanted
  reason: string
  asked_by: string
  asked: string
  state: 'waiting' | 'approved' | 'refused'
  decided_by: string
  why: string
}

export const FORM_TITLES: Record<string, string> = { xlsx: 'Excel', pdf: 'PDF', html: '网页', wav: '录音' }
const FORMS: Record<string, string[]> = { bulletin: ['html', 'xlsx', 'pdf'], recording: ['wav'] }

/** In which forms a kind of export leaves; most are a table. */
export function formsOf(what: string): string[] {
  return FORMS[what] ?? ['xlsx', 'pdf']
}

export const OUTCOMES: Record<string, string> = {
  answered: '已接通', abandoned: '排队中放弃', voicemail: '留言', callback: '预约回拨', ivr: '自助语音', waiting: '等待', referred: '转出',
}

/** Days of China as <input type=date> wants them. */
export function chinaDay(daysAgo = 0): string {
  return new Date(Date.now() - daysAgo * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })
}

export function moment(at: string | null): string {
  return at ? new Date(at).toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }) : ''
}

export function written(value: Cell, kind: Column['kind']): string {
  if (value === null) return '—'
  if (kind === 'share') return `${(100 * Number(value)).toFixed(1)}%`
  if (kind === 'seconds') {
    const seconds = Math.round(Number(value))
    return seconds >= 60 ? `${Math.floor(seconds / 60)} 分 ${String(seconds % 60).padStart(2, '0')} 秒` : `${seconds} 秒`
  }
  return String(value)
}
