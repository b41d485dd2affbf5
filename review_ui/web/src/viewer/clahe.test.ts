import { describe, expect, it } from 'vitest'
import { equalise } from './clahe'
import { noise } from './fixtures'

describe('equalise', () => {
  it('keeps the order of values in one place', () => {
    const ramp = Uint16Array.from({ length: 64 * 64 }, (_, i) => Math.floor((i % 64) * 1000))
    const out = equalise(ramp, 64)
    for (let x = 1; x < 64; x++) expect(out[32 * 64 + x]).toBeGreaterThanOrEqual(out[32 * 64 + x - 1])
  })

  it('spreads faint contrast in a dark corner, within the clip limit', () => {
    const size = 128
    const plane = Uint16Array.from({ length: size * size }, (_, i) => {
      const isCorner = i % size < 64 && i < 64 * size
      return isCorner ? 2000 + (i % 4) * 400 : 60000 + (i % 3)
    })
    const out = equalise(plane, size)
    const at = (x: number) => out[20 * size + x]
    const gain = (at(23) - at(20)) / (plane[20 * size + 23] - plane[20 * size + 20])
    expect(gain).toBeGreaterThan(2)
    expect(gain).toBeLessThan(40)
  })

  it.each([
    [1, 1],
    [5, 3],
    [9, 1],
  ])('takes scans smaller than its tiles, %i × %i', (width, height) => {
    const out = equalise(noise(width, height), width)
    expect(out.length).toBe(width * height)
  })

  it('does not change its input', () => {
    const plane = noise(32, 32)
    equalise(plane, 32)
    expect(plane).toEqual(noise(32, 32))
  })
})
