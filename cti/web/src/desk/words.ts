// The Chinese words for what the server calls by short names.
export const SEAT_STATES: Record<string, string> = {
  signed_out: '未签入', ready: '示闲', not_ready: '示忙', ringing: '振铃', talking: '通话中', after_call: '话后处理',
}
export const NOT_READY_REASONS = ['小休', '用餐', '培训', '会议', '设备故障', '其他']
export const CALL_STATES: Record<string, string> = {
  flow: '语音流程中', queue: '排队中', ringing: '正在振铃', talking: '通话中', over: '已结束',
}
export const SPEAKERS: Record<string, string> = { caller: '市民', agent: '坐席', emergency: '紧急', third: '第三方' }
export const KINDS: Record<string, string> = { '110': '110 报警', '119': '119 火警', '120': '120 急救', '122': '122 交通' }
export const ORDER_STATES: Record<string, string> = {
  drafted: '预填', accepted: '已受理', pre_review: '派前审核', awaiting_instruction: '待领导批示', coordinating: '协调中', dispatched: '已派单',
  handling: '办理中', return_requested: '退单待审', extension_requested: '延期待批', extension_approved: '延期待告知', deferred: '分步推进',
  paused: '暂停计时', replied: '已答复', field_verification: '现场核实', second_notice: '二次抄告', reviewed: '审核通过', told: '已告知市民',
  sms_followup: '短信回访', manual_followup: '人工回访', rectifying: '整改', redo: '重办', closed: '办结', final: '办理终结', archived: '归档',
  answered: '直接答复', not_accepted: '不予受理', informed: '已告知', merged: '已并入',
}
export const FINISHED = new Set(['closed', 'final', 'archived', 'answered', 'not_accepted', 'informed', 'merged'])
export const LIKENESS: Record<string, string> = { place: '同一地点', caller: '同一来电人', matter: '同一件事' }
export const EMERGENCY_STATES: Record<string, string> = {
  suggested: '等您确认', calling: '正在呼叫', joined: '已加入通话', unreached: '没有接通', closed: '已结束',
}
export const MARKS: Record<string, string> = {
  word_ended: '说到险情', detected: '听出', suggested: '提示', confirmed: '确认', invite_sent: '呼出', ringing: '振铃', answered: '接听', joined: '加入', verified: '双方通话',
}

/** 3:07, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const minutes = Math.floor(whole / 60) % 60
  const hours = Math.floor(whole / 3600)
  const two = (n: number) => String(n).padStart(2, '0')
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

export function day(at: string | null | undefined): string {
  if (!at) return ''
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleDateString('zh-CN', { timeZone: 'Asia/Shanghai', month: 'numeric', day: 'numeric' })
}

/** 138 0013 8000: groups are read at a glance. Masked numbers stay as they are. */
export function spaced(number: string): string {
  return /^1\d{10}$/.test(number) ? `${number.slice(0, 3)} ${number.slice(3, 7)} ${number.slice(7)}` : number
}
