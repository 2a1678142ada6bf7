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
export interface Wish {
  id: string
  title: string
  wanted: { name?: string; since?: string | null; until?: string | null }
  reason: string
  asked_by: string
  asked: string
  state: 'waiting' | 'approved' | 'refused'
  decided_by: string
  why: string
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
