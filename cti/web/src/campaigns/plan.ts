// A campaign as the server tells it, and the plan that the form writes: YAML whose texts are JSON strings.
import type { ReportTable } from '../supervisor/types'

export interface Line {
  id: string
  kind: 'survey' | 'dial_test'
  kind_title: string
  title: string
  client: string
  state: 'open' | 'closed'
  seed: string
  population: number
  by: string
  at: string
}
export interface Question { name: string; ask: string; choices: string[] }
export interface Member { nth: number; name?: string; outcome: string; result?: { points?: number; waited_seconds?: number | null } }
export interface Whole extends Line {
  plan: string
  summary: string[]
  results: ReportTable[]
  members: Member[]
  opening?: string
  questions?: Question[]
}
export const OUTCOMES: Record<string, string> = { answered: '接受调研', refused: '拒绝', no_answer: '无人接听', wrong_number: '号码不对', scored: '已评分', failed: '没有打通' }
/** Whom nobody has asked yet, or who did not take up; the rest is done. */
export const waits = (each: Member): boolean => each.outcome === '' || each.outcome === 'no_answer'

export interface SurveyForm { title: string; client: string; opening: string; since: string; until: string; size: number; questions: { ask: string; choices: string }[] }
export interface DialForm { title: string; client: string; within: number; calls: { name: string; to: string; keys: string; say: string; hears: string; times: number }[] }
const said = (text: string): string => JSON.stringify(text)
const words = (text: string): string[] => text.split(/[，,、;；\s]+/).filter(Boolean)

export function surveyPlan(form: SurveyForm): string {
  const questions = form.questions.map((each, nth) => {
    const choices = words(each.choices)
    return `    - {name: q${nth + 1}, ask: ${said(each.ask.trim())}${choices.length ? `, choices: [${choices.map(said).join(', ')}]` : ''}}`
  })
  return ['campaign: 1', 'kind: survey', `title: ${said(form.title.trim())}`, `client: ${said(form.client.trim())}`, 'script:', `  opening: ${said(form.opening.trim())}`, '  questions:', ...questions, `sample: {since: ${form.since}, until: ${form.until}, size: ${form.size}}`, ''].join('\n')
}
export function dialPlan(form: DialForm): string {
  const calls = form.calls.map((each) => {
    const hears = words(each.hears)
    return `  - {name: ${said(each.name.trim())}, to: ${said(each.to.trim())}${each.keys ? `, keys: ${said(each.keys)}` : ''}${each.say ? `, say: ${said(each.say)}` : ''}${hears.length ? `, hears: [${hears.map(said).join(', ')}]` : ''}, times: ${each.times}}`
  })
  return ['campaign: 1', 'kind: dial_test', `title: ${said(form.title.trim())}`, `client: ${said(form.client.trim())}`, `within_seconds: ${form.within}`, 'calls:', ...calls, ''].join('\n')
}
