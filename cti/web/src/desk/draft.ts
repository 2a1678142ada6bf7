// The draft as the server tells it, and what the agent has typed over it. Pure.
export interface Evidence {
  turn: number
  begun_s: number
  ended_s: number
  words: string
}
export interface Candidate {
  value: string
  confidence: number
  words: string[]
}
export interface Suggestion {
  value: string
  confidence: number
  state: 'suggested' | 'edited' | 'confirmed'
  source: string
  question: string
  evidence: Evidence[]
  candidates: Candidate[]
}
export type Suggestions = Record<string, Suggestion>

export interface FieldShape {
  name: string
  title: string
  options?: string[]
  rows?: number
  wide?: boolean
  key?: string
}
/** The fields of an order in the order in which an agent fills them; half-width ones stand two in a line. */
export const FIELDS: FieldShape[] = [
  { name: 'request_type', title: '诉求类型', options: ['咨询', '求助', '投诉', '举报', '建议', '表扬'] },
  { name: 'urgency', title: '紧急程度', options: ['一般', '紧急', '突发'] },
  { name: 'category', title: '事项分类', wide: true },
  { name: 'unit', title: '承办单位', wide: true },
  { name: 'place', title: '地点', wide: true },
  { name: 'title', title: '标题', wide: true },
  { name: 'summary', title: '诉求内容', wide: true, rows: 4 },
  { name: 'name', title: '姓名' },
  { name: 'phone', title: '联系电话' },
  { name: 'time', title: '发生时间' },
  { name: 'party', title: '涉及对象' },
  { name: 'expected', title: '期望答复', wide: true },
  { name: 'keywords', title: '关键词', wide: true },
]

const EMPTY: Suggestion = { value: '', confidence: 0, state: 'suggested', source: '', question: '', evidence: [], candidates: [] }

/** Read a draft: the text or the object of `call.draft`. What is not understood is left out. */
export function readDraft(draft: unknown): { fields: Suggestions; reasons: string[] } {
  let whole = draft
  if (typeof draft === 'string') {
    try {
      whole = JSON.parse(draft)
    } catch {
      whole = null
    }
  }
  const { fields = {}, reasons = [] } = (whole ?? {}) as { fields?: Record<string, Record<string, unknown>>; reasons?: string[] }
  const read: Suggestions = {}
  for (const [name, each] of Object.entries(fields)) read[name] = readField(each)
  return { fields: read, reasons: Array.isArray(reasons) ? reasons : [] }
}

function readField(each: Record<string, unknown>): Suggestion {
  const list = (value: unknown): unknown[][] => (Array.isArray(value) ? (value as unknown[][]) : [])
  return {
    ...EMPTY,
    value: String(each.value ?? ''),
    confidence: Number(each.confidence ?? 0),
    state: (each.state as Suggestion['state']) ?? 'suggested',
    source: String(each.source ?? ''),
    question: String(each.question ?? ''),
    evidence: list(each.evidence).map(([turn, , , begun, ended, words]) => ({
      turn: Number(turn), begun_s: Number(begun), ended_s: Number(ended), words: String(words ?? ''),
    })),
    candidates: list(each.candidates).map(([value, confidence, words]) => ({
      value: String(value), confidence: Number(confidence), words: Array.isArray(words) ? (words as string[]) : [],
    })),
  }
}

/** What an agent typed into one field; `isSent` when the server has it. */
export interface Typed {
  value: string
  isSent: boolean
  at: number
}

export type Source = 'typed' | 'suggested' | 'empty'

/** What stands in a field, and who stands behind it. Typed wins, here before there. */
export function shown(typed: Typed | undefined, suggestion: Suggestion | undefined): { value: string; from: Source } {
  if (typed) return { value: typed.value, from: 'typed' }
  if (suggestion?.value) return { value: suggestion.value, from: suggestion.state === 'suggested' ? 'suggested' : 'typed' }
  return { value: '', from: 'empty' }
}

/** Levels of a category as one reads them: the last first, for it says most. */
export function lastLevel(category: string): string {
  return category.split('/').at(-1) ?? category
}

const SOURCES: [RegExp, string][] = [
  [/^lexicon/, '词库'], [/^model|^learnt|^vote/, '学习模型'], [/^emergency/, '险情判断'], [/^title|^summary|^expected/, '摘要规则'], [/^caller|^ani/, '来电号码'], [/^gazetteer/, '地名库'],
]
export function sourceTitle(source: string): string {
  return SOURCES.find(([pattern]) => pattern.test(source))?.[1] ?? '规则'
}
