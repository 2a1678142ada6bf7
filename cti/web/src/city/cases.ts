// Cases of the digital city as the server tells them.
import type { Row as OrderRow } from '../unit/orders'

export interface Spot { lon: number; lat: number }
export interface Grid { id: string; name: string; street: string; head: string; corners: Spot[] }
export interface Case {
  number: string
  hotline_order: string | null
  source_title: string
  matter: string
  group: string
  at: Spot | null
  grid: string
  street: string
  asset: string
  unit: string
  why: string
  catalogue: string
  solve_first: boolean
  checklist: Record<string, string>
  collector: string
  reported_at: string
  filed_at: string | null
  filed_by: string
  order: OrderRow
}
export interface Page { cases: Case[]; total: number }

/** Where cases stand, as the centre speaks of it; the rest is in the states' own titles. */
export const STANDS: { key: string; title: string; states: string[] }[] = [
  { key: 'all', title: '全部', states: [] },
  { key: 'check', title: '待核对', states: ['drafted'] },
  { key: 'send', title: '待派遣', states: ['accepted', 'pre_review', 'awaiting_instruction', 'coordinating'] },
  { key: 'work', title: '处置中', states: ['dispatched', 'handling', 'return_requested', 'extension_requested', 'extension_approved', 'deferred', 'paused', 'second_notice', 'rectifying', 'redo', 'replied', 'field_verification', 'reviewed'] },
  { key: 'over', title: '已了结', states: ['told', 'sms_followup', 'manual_followup', 'closed', 'final', 'archived', 'answered', 'not_accepted', 'informed', 'merged'] },
]
export const SIZE = 50

/** A report that nobody checked yet is `预填` as an order; the centre says what is to be done. */
export const standing = (each: Case): string => (each.order.state === 'drafted' ? '待核对' : each.order.state_title)

export function address(stand: string, grid: string, page: number): string {
  const query = new URLSearchParams({ page: String(page), size: String(SIZE) })
  for (const state of STANDS.find((each) => each.key === stand)?.states ?? []) query.append('state', state)
  if (grid) query.set('grid', grid)
  return `/api/city/cases?${query}`
}
