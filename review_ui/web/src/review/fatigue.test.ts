import { describe, expect, it } from 'vitest'

import { continuousMs, observe as observeWith, RESTED } from './fatigue'

const REST_MS = 60_000
const observe = (clock: typeof RESTED, isReviewing: boolean, nowMs: number) =>
  observeWith(clock, isReviewing, nowMs, REST_MS)

describe('fatigue', () => {
  it('counts from the first case on', () => {
    const clock = observe(RESTED, true, 1000)
    expect(continuousMs(clock, 61_000)).toBe(60_000)
  })

  it('goes on after a pause that is no rest', () => {
    let clock = observe(RESTED, true, 0)
    clock = observe(clock, false, 10_000)
    clock = observe(clock, true, 10_000 + REST_MS - 1)
    expect(clock.sinceMs).toBe(0)
  })

  it('stands still during a pause and starts again after a rest', () => {
    let clock = observe(RESTED, true, 0)
    clock = observe(clock, false, 10_000)
    clock = observe(clock, false, 40_000)
    expect(continuousMs(clock, 500_000)).toBe(10_000)
    clock = observe(clock, true, 10_000 + REST_MS)
    expect(clock).toEqual({ sinceMs: 10_000 + REST_MS, idleSinceMs: null })
  })
})
