// What agents type is kept on this computer at every key press, until the server has it and the order is confirmed.
import type { Typed } from './draft'

export interface Kept {
  call: string
  user: string
  at: number
  caller: string
  typed: Record<string, Typed>
}

const PREFIX = 'hl-work:'
const DAY_MS = 24 * 3600 * 1000

export function keep(work: Kept): void {
  try {
    localStorage.setItem(PREFIX + work.call, JSON.stringify(work))
  } catch {
    // A full disk: the server still gets every field.
  }
}

export function forget(call: string): void {
  localStorage.removeItem(PREFIX + call)
}

/** What this person left here, newest first. What is older than a day, or another person's and sent, is removed. */
export function kept(user: string, now: number): Kept[] {
  const found: Kept[] = []
  for (const key of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
    let work: Kept | null = null
    try {
      work = JSON.parse(localStorage.getItem(key) ?? '') as Kept
    } catch {
      work = null
    }
    if (!work?.typed || now - work.at > DAY_MS) localStorage.removeItem(key)
    else if (work.user === user) found.push(work)
  }
  return found.sort((a, b) => b.at - a.at)
}

/** At sign-out: keep nothing on this computer that the server has. */
export function forgetSent(user: string): void {
  for (const work of kept(user, Date.now())) {
    if (Object.values(work.typed).every((each) => each.isSent)) forget(work.call)
  }
}
