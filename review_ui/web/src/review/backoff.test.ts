import { expect, it } from 'vitest'

import { backoffMs } from './backoff'

it('waits longer after each try, up to a limit', () => {
  expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, 0.5))).toEqual([
    1000, 2000, 4000, 8000, 15000, 15000,
  ])
})

it('spreads the tries of many browsers', () => {
  expect(backoffMs(1, 0)).toBe(800)
  expect(backoffMs(1, 0.999)).toBe(1200)
})
