// The response mode that is on: asked for now and then, for the banner; whoever switches it sees it at once.
import { reactive } from 'vue'
import { ask, get, may, session } from './api'

export interface Mode { name: string; title: string; report_minutes: number }
export interface Standing {
  on: string
  title: string
  clause: string
  since: string | null
  by: string
  reason: string
  report_minutes: number
  report_due_at: string
  modes: Mode[]
  history: { at: string; mode: string; by: string; reason: string }[]
}
export const mode = reactive<{ now: Standing | null }>({ now: null })
const EVERY_MS = 60_000
/** Switching proves flows, prompts and queues first. */
const SWITCH_MS = 60_000

export async function loadMode(): Promise<void> {
  if (session.now && !session.expired && (may('desk') || may('wallboard'))) mode.now = await get<Standing>('/api/mode')
}
export async function switchMode(name: string, reason: string): Promise<void> {
  mode.now = await ask<Standing>('POST', '/api/mode', { mode: name, reason }, SWITCH_MS)
}
/** Keep it up to date; returns what stops it. What cannot be asked now is asked again: what is shown stays. */
export function followMode(): () => void {
  const look = () => void loadMode().catch(() => undefined)
  look()
  const timer = window.setInterval(look, EVERY_MS)
  return () => clearInterval(timer)
}
