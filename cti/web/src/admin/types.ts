// What the server says and hears about administration; see /api/openapi.json.
export interface Problem {
  file: string
  line: number
  column: number
  what: string
  remedy: string
  severity: 'error' | 'warning'
  clause: string
}
export interface Version {
  number: number
  digest: string
  at: string
  by: string
  note: string
  reason: string
  back_to: number
}
export interface Standing {
  files: Record<string, string>
  digest: string
  newest: Version | null
  is_taken: boolean | null
  is_changed_by_hand: boolean
}
export interface Checked {
  problems: Problem[]
  may_publish: boolean
  digest: string
}
/** Old line number, new line number (0: not on that side), text. */
export type DiffLine = [number, number, string]
export interface FileDiff {
  file: string
  hunks: DiffLine[][]
}
export interface Box {
  id: string
  flow: string
  node: string
  kind: string
  title: string
  words: string
  line: number
  last_line: number
  is_person: boolean
  is_start: boolean
}
export interface Arrow {
  begin: string
  end: string
  labels: string[]
  line: number
  by_caller: boolean
}
export interface Picture {
  flow: string
  title: string
  boxes: Box[]
  arrows: Arrow[]
}
export interface Moment {
  did: string
  shown: string
  flow: string
  node: string
  phase: string
}
export interface Trial {
  moments: Moment[]
  path: string[]
  is_over: boolean
  document: string
}

export function when(instant: string): string {
  return new Date(instant).toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', hour12: false, dateStyle: 'short', timeStyle: 'short' })
}

export function errors(problems: Problem[]): Problem[] {
  return problems.filter((each) => each.severity === 'error')
}
