// From two readings of getStats to loss, jitter and a grade. Pure.
import type { Quality } from './view'

export interface Reading {
  lost: number
  received: number
  jitterS: number
  roundTripS: number | null
  codec: string
}

/** A reading of what comes in; null while nothing comes in yet. */
export function reading(stats: Iterable<Record<string, unknown>>): Reading | null {
  const all = [...stats]
  const inbound = all.find((each) => each.type === 'inbound-rtp' && each.kind === 'audio')
  if (!inbound) return null
  const back = all.find((each) => each.type === 'remote-inbound-rtp' && each.kind === 'audio')
  const codec = all.find((each) => each.id === inbound.codecId)
  return {
    lost: Math.max(0, Number(inbound.packetsLost ?? 0)),
    received: Number(inbound.packetsReceived ?? 0),
    jitterS: Number(inbound.jitter ?? 0),
    roundTripS: typeof back?.roundTripTime === 'number' ? back.roundTripTime : null,
    codec: String(codec?.mimeType ?? '').replace('audio/', ''),
  }
}

/** Loss of the last interval as a share, since what was lost a minute ago helps nobody now. */
export function quality(before: Reading | null, now: Reading): Quality {
  const lost = Math.max(0, now.lost - (before?.lost ?? 0))
  const received = Math.max(0, now.received - (before?.received ?? 0))
  const loss = lost + received > 0 ? lost / (lost + received) : 0
  const jitterMs = Math.round(now.jitterS * 1000)
  const grade = loss > 0.05 || jitterMs > 60 ? 'bad' : loss > 0.01 || jitterMs > 30 ? 'fair' : 'good'
  return { loss, jitterMs, roundTripMs: now.roundTripS === null ? null : Math.round(now.roundTripS * 1000), codec: now.codec, grade }
}
