/**
 * When the page asks for cases: the current one whenever there is none, the next one while one is looked at.
 *
 * At most one claim and one prefetch are under way. An empty queue is asked again every 15 s, sooner when the
 * server says that it changed; a reviewer who has to rest is asked for again when the rest is over.
 */

import { ApiError, isTransient } from '../api/client'
import type { LeaseOut } from '../api/types'
import type { Link } from './link'
import { asTrouble, type Clock, type ReviewApi, type SeatTimers, type Trouble } from './seatState'

const POLL_MS = 15_000
const MIN_GAP_MS = 2_000

export interface DispatchOptions {
  api: Pick<ReviewApi, 'claimNext' | 'prefetchNext'>
  clock: Clock
  timers: SeatTimers
  link: Link
  wantsCurrent: () => boolean
  wantsNext: () => boolean
  onCurrent: (lease: LeaseOut) => void
  onNext: (lease: LeaseOut) => void
  onEmpty: () => void
  onRest: (untilMs: number) => void
  onTrouble: (trouble: Trouble) => void
}

export class Dispatch {
  readonly #o: DispatchOptions
  #isClaiming = false
  #isPrefetching = false
  #emptyClaims = 0
  #claimDueMs = 0
  #lastClaimMs = Number.NEGATIVE_INFINITY
  #lastPrefetchMs = Number.NEGATIVE_INFINITY

  constructor(options: DispatchOptions) {
    this.#o = options
  }

  claimSoon(delayMs: number): void {
    // Work that is there but not for this reviewer must not turn every glance into a claim.
    const gap = Math.min(MIN_GAP_MS * 2 ** this.#emptyClaims, POLL_MS)
    const atMs = Math.max(this.#o.clock.now() + delayMs, this.#lastClaimMs + gap)
    if (this.#o.timers.has('claim') && this.#claimDueMs <= atMs) return
    this.#claimAt(atMs)
  }

  async claim(): Promise<void> {
    const { api, clock, timers, link, wantsCurrent, onCurrent } = this.#o
    if (this.#isClaiming || !wantsCurrent()) return
    timers.clear('claim')
    this.#isClaiming = true
    this.#lastClaimMs = clock.now()
    try {
      const lease = await api.claimNext()
      link.reached()
      if (!wantsCurrent()) return
      this.#emptyClaims = lease ? 0 : this.#emptyClaims + 1
      if (lease) onCurrent(lease)
      else this.#wait()
    } catch (error) {
      if (wantsCurrent()) this.#claimFailed(error)
    } finally {
      this.#isClaiming = false
    }
  }

  prefetchSoon(delayMs: number): void {
    const { clock, timers } = this.#o
    const wait = Math.max(delayMs, this.#lastPrefetchMs + MIN_GAP_MS - clock.now())
    timers.after('prefetch', wait, () => void this.#prefetch())
  }

  #claimAt(atMs: number): void {
    this.#claimDueMs = atMs
    this.#o.timers.after('claim', atMs - this.#o.clock.now(), () => void this.claim())
  }

  #wait(): void {
    const { clock, onEmpty } = this.#o
    onEmpty()
    this.#claimAt(clock.now() + POLL_MS * (0.8 + 0.4 * clock.random()))
  }

  #claimFailed(error: unknown): void {
    const { clock, link, onRest, onTrouble } = this.#o
    if (isTransient(error)) {
      this.#claimAt(clock.now() + link.lost(error))
      return
    }
    link.reached()
    if (error instanceof ApiError && error.status === 401) return
    if (error instanceof ApiError && error.code === 'rest_due') {
      const untilMs = clock.now() + (error.retryAfterS === null ? POLL_MS : error.retryAfterS * 1000)
      onRest(untilMs)
      this.#claimAt(untilMs)
      return
    }
    onTrouble(asTrouble(error))
    this.#claimAt(clock.now() + POLL_MS)
  }

  async #prefetch(): Promise<void> {
    const { api, clock, link, wantsNext, onNext } = this.#o
    if (this.#isPrefetching || !wantsNext()) return
    this.#isPrefetching = true
    this.#lastPrefetchMs = clock.now()
    try {
      const lease = await api.prefetchNext()
      link.reached()
      if (lease) onNext(lease)
      else this.#prefetchAgain(POLL_MS)
    } catch (error) {
      this.#prefetchAgain(isTransient(error) ? link.lost(error) : POLL_MS)
    } finally {
      this.#isPrefetching = false
    }
  }

  #prefetchAgain(delayMs: number): void {
    this.#o.timers.after('prefetch', delayMs, () => void this.#prefetch())
  }
}
