/**
 * How long a reviewer has been looking without a break, as the page sees it.
 *
 * For the ring and the reminder only: whether a rest is due the server decides, by its own clock. Twenty minutes
 * at the screen is the limit of EU 2015/1998 annex 5.1.7 for X-ray screeners.
 */

export interface FatigueClock {
  /** Start of the present stretch, or null before the first case. */
  sinceMs: number | null
  /** When looking stopped, or null while it goes on. */
  idleSinceMs: number | null
}

export const RESTED: FatigueClock = { sinceMs: null, idleSinceMs: null }

/** The clock after it was seen that a case is (or is not) on the screen. A pause below `restMs` is no rest. */
export function observe(
  clock: FatigueClock,
  isReviewing: boolean,
  nowMs: number,
  restMs: number,
): FatigueClock {
  if (!isReviewing) return clock.idleSinceMs === null ? { ...clock, idleSinceMs: nowMs } : clock
  const rested = clock.idleSinceMs !== null && nowMs - clock.idleSinceMs >= restMs
  if (clock.sinceMs === null || rested) return { sinceMs: nowMs, idleSinceMs: null }
  return clock.idleSinceMs === null ? clock : { ...clock, idleSinceMs: null }
}

export function continuousMs(clock: FatigueClock, nowMs: number): number {
  if (clock.sinceMs === null) return 0
  return (clock.idleSinceMs ?? nowMs) - clock.sinceMs
}
