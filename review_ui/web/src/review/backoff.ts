/** Waiting times between tries: 1, 2, 4, 8, then 15 s, each spread by ±20 % so that browsers do not return together. */

const STEPS_MS = [1000, 2000, 4000, 8000, 15000]

/**
 * @param attempt 1 for the first retry.
 * @param random In [0, 1).
 * @param retryAfterS What the server asked for: never less than this.
 */
export function backoffMs(attempt: number, random: number, retryAfterS: number | null = null): number {
  const step = STEPS_MS[Math.min(Math.max(attempt, 1), STEPS_MS.length) - 1]
  return Math.max((retryAfterS ?? 0) * 1000, Math.round(step * (0.8 + 0.4 * random)))
}
