// The seat's telephone stands beside the page (a softphone program, a desk telephone): the server is asked to work it.
import { watch } from 'vue'
import { act } from '../api'
import { board } from '../live'
import { phone, type Telephone } from './view'

export function distantPhone(seat: string): Telephone {
  phone.kind = 'distant'
  const stop = watch(
    () => {
      const row = board.seats[seat]
      const call = row?.call ? board.calls[row.call] : undefined
      const own = call?.parties?.find((party) => party.seat === seat)
      return { state: row?.state, isReachable: row?.reachable ?? false, since: row?.since, isHeld: own?.on_hold ?? false }
    },
    (now) => {
      phone.line = now.isReachable ? 'ready' : now.state ? 'lost' : 'connecting'
      phone.talk = now.state === 'ringing' ? 'ringing' : now.state === 'talking' ? 'talking' : 'none'
      phone.since = now.since ? Date.parse(now.since) : 0
      phone.isHeld = now.isHeld
      if (phone.talk === 'none') phone.isMuted = false
    },
    { immediate: true },
  )
  return {
    async answer() {
      await act('phone.answer', { seat })
    },
    async hangUp() {
      await act('phone.hangup', { seat })
    },
    async hold(on) {
      await act(on ? 'phone.hold' : 'phone.unhold', { seat })
    },
    async mute(on) {
      await act(on ? 'phone.mute' : 'phone.unmute', { seat })
      phone.isMuted = on
    },
    async key(digit) {
      await act('phone.dtmf', { seat, digits: digit })
    },
    close() {
      stop()
      Object.assign(phone, { kind: 'none', line: 'off', talk: 'none', problem: '' })
    },
  }
}
