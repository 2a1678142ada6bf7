// What is said, as one reads it: results become turns, partial results stand last and grey, words of danger are lit. Pure.
export interface Said {
  leg: string
  text: string
  /** The same with digits and punctuation; partial results have none. */
  reads?: string
  begun_s: number
  ended_s: number
  is_final: boolean
}

const PAUSE_S = 1.5
const ORDER: Record<string, number> = { caller: 0, agent: 1, emergency: 2 }

/** One more result: a final takes the place of its speaker's partial; the same final twice counts once. */
export function hear(said: readonly Said[], next: Said): Said[] {
  const others = said.filter((each) => each.is_final || each.leg !== next.leg)
  if (!next.is_final) {
    const settled = Math.max(-1, ...others.filter((each) => each.leg === next.leg).map((each) => each.ended_s))
    return next.text && next.ended_s > settled ? inOrder([...others, next]) : others
  }
  const isKnown = others.some((each) => each.leg === next.leg && each.begun_s === next.begun_s && each.text === next.text)
  return next.text && !isKnown ? inOrder([...others, next]) : others
}

/** The server's turns with what came live after them. */
export function together(turns: readonly Said[], live: readonly Said[]): Said[] {
  const until = new Map<string, number>()
  for (const turn of turns) if (turn.is_final) until.set(turn.leg, Math.max(until.get(turn.leg) ?? 0, turn.ended_s))
  return inOrder([...turns.filter((each) => each.is_final), ...live.filter((each) => each.ended_s > (until.get(each.leg) ?? -1) + 0.01)])
}

function inOrder(said: Said[]): Said[] {
  return said.sort((a, b) => Number(b.is_final) - Number(a.is_final) || a.begun_s - b.begun_s || (ORDER[a.leg] ?? 9) - (ORDER[b.leg] ?? 9))
}

/** Results of one speaker become one turn while nobody else began between them and no pause is long. */
export function turns(said: readonly Said[]): Said[] {
  const found: Said[] = []
  for (const each of said) {
    const last = found.at(-1)
    const goesOn = last && last.is_final && each.is_final && last.leg === each.leg && each.begun_s - last.ended_s <= PAUSE_S
    if (last && goesOn) found[found.length - 1] = { ...last, text: joined(last.text, each.text), reads: joined(read(last), read(each)), ended_s: each.ended_s }
    else found.push(each)
  }
  return found
}

/** How a result reads. */
export const read = (said: Said): string => said.reads ?? said.text

function joined(one: string, other: string): string {
  return /[，。？！、；]$/.test(one) ? one + other : `${one}，${other}`
}

export interface Piece {
  text: string
  isDanger: boolean
}

/** Cut a text where words of danger stand in it; punctuation between their characters does not hide them. */
export function lit(text: string, dangers: readonly string[]): Piece[] {
  const marked = new Array<boolean>(text.length).fill(false)
  for (const danger of dangers) {
    const letters = [...danger.replace(/[\s，。？！、；：“”]/g, '')]
    if (letters.length < 2) continue
    const pattern = new RegExp(letters.map((each) => each.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s，。？！、；：]*'), 'g')
    for (const match of text.matchAll(pattern)) marked.fill(true, match.index, match.index + match[0].length)
  }
  const pieces: Piece[] = []
  for (let at = 0; at < text.length; at++) {
    const last = pieces.at(-1)
    if (last && last.isDanger === marked[at]) last.text += text[at]
    else pieces.push({ text: text[at] ?? '', isDanger: marked[at] ?? false })
  }
  return pieces
}
