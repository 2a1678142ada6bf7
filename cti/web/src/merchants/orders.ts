// Life-service orders and the ranking of merchants as the server tells them.
export type Move = 'contact' | 'confirm' | 'cancel'
/** A line of the list; `citizen` and `steps` come with the one that is open. */
export interface Line {
  id: string
  merchant: string
  service: string
  channel: string
  state: 'proposed' | 'contacted' | 'confirmed' | 'cancelled'
  state_title: string
  moves: Move[]
  consent: { at: string; by: string; how: string } | null
  handover: string
  handover_title: string
  work_order: string
  agreed: string
  verdict: { rating: number; is_completed: boolean; complaint: string } | null
  opened_at: string
  revision: number
}
export interface Whole extends Line {
  citizen: { name: string; phone: string; place: string; wish: string }
  recording: string
  steps: { at: string; by: string; what: string; text: string }[]
}
export interface Offer {
  nth: number
  id: string
  name: string
  points: number
  parts: Record<string, number>
  orders: number
  rating: number | null
  completed: number
  complaints: number
}
export interface Ranking {
  services: string[]
  names: Record<string, string>
  weights: { rating: number; completion: number; complaints: number }
  merchants: Offer[]
}
export const STATES: [string, string][] = [['', '全部'], ['proposed', '已提出'], ['contacted', '已联系'], ['confirmed', '已确定'], ['cancelled', '已取消']]
export const COLOURS: Record<string, string> = { proposed: 'amber', contacted: 'blue', confirmed: 'green', cancelled: '' }
export const CHANNELS: Record<string, string> = { call: '电话', letter: '来信', wechat: '微信', web: '网上' }
export const STEPS: Record<string, string> = { consent: '记下同意', consent_withdrawn: '撤回同意', handover_ticket: '转交', handover_call: '转接', contact: '联系诉求人', confirm: '确定订单', cancel: '取消', judged: '回访' }
export const SIZE = 20
