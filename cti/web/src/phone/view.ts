// What the page shows of the seat's telephone, and what it can ask of it; browser.ts and distant.ts are the two kinds.
import { reactive } from 'vue'

export type Line = 'off' | 'connecting' | 'ready' | 'lost' | 'refused'
export type Talk = 'none' | 'ringing' | 'answering' | 'talking'
export interface Quality {
  loss: number
  jitterMs: number
  roundTripMs: number | null
  codec: string
  grade: 'good' | 'fair' | 'bad'
}

/** `problem`: what is wrong with microphone or telephone, with the remedy. Levels lie in 0..1. */
export const phone = reactive({
  kind: 'none' as 'none' | 'browser' | 'distant',
  line: 'off' as Line,
  talk: 'none' as Talk,
  isHeld: false,
  isMuted: false,
  since: 0,
  problem: '',
  quality: null as Quality | null,
  heard: 0,
  spoken: 0,
})

export interface Telephone {
  answer(): Promise<void>
  hangUp(): Promise<void>
  hold(on: boolean): Promise<void>
  mute(on: boolean): Promise<void>
  key(digit: string): Promise<void>
  close(): void
}
