/** Keeps the leases on both seats alive: one request at a time, every `periodMs` while a case is current. */

import { isTransient } from '../api/client'
import type { HeartbeatOut } from '../api/types'
import type { Link } from './link'
import type { HeldLease, ReviewApi, SeatTimers } from './seatState'

export interface HeartbeatsOptions {
  api: Pick<ReviewApi, 'heartbeat'>
  periodMs: number
  timers: SeatTimers
  link: Link
  /** The leases to keep, or none while there is no current case. */
  held: () => HeldLease[]
  onAnswer: (beaten: HeldLease[], out: HeartbeatOut) => void
}

export class Heartbeats {
  readonly #o: HeartbeatsOptions
  #isBeating = false

  constructor(options: HeartbeatsOptions) {
    this.#o = options
  }

  later(delayMs = this.#o.periodMs): void {
    this.#o.timers.after('heartbeat', delayMs, () => void this.beat())
  }

  async beat(): Promise<void> {
    const { api, periodMs, link, held, onAnswer } = this.#o
    const beaten = held()
    if (this.#isBeating || beaten.length === 0) return
    this.#isBeating = true
    let wait = periodMs
    try {
      const out = await api.heartbeat(beaten.map(({ lease: { case_id, token } }) => ({ case_id, token })))
      link.reached()
      onAnswer(beaten, out)
    } catch (error) {
      if (isTransient(error)) wait = Math.min(wait, link.lost(error))
    } finally {
      this.#isBeating = false
      if (held().length > 0) this.later(wait)
    }
  }
}
