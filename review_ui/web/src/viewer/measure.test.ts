import { describe, expect, it } from 'vitest'
import { fullScan, noise } from './fixtures'
import { measureLength, measureRoi } from './measure'

describe('measureRoi', () => {
  it('summarises the raw pixels of the box', () => {
    const plane = Uint16Array.from({ length: 64 }, (_, i) => i)
    const roi = measureRoi(fullScan([plane, noise(8, 8)], 8), [1, 1, 3, 3])
    expect(roi).toMatchObject({ box: [1, 1, 3, 3], n: 4, mean: 13.5, min: 9, max: 18 })
    expect(roi?.std).toBeCloseTo(Math.sqrt((4.5 ** 2 + 3.5 ** 2) / 2))
    expect(roi?.mean_low).toBeGreaterThan(0)
  })

  it('clips the box to the scan and answers nothing outside', () => {
    const scan = fullScan([noise(8, 8)], 8)
    expect(measureRoi(scan, [-4, -4, 2, 2])).toMatchObject({ box: [0, 0, 2, 2], n: 4, mean_low: null })
    expect(measureRoi(scan, [9, 9, 12, 12])).toBeNull()
  })
})

describe('measureLength', () => {
  it('knows millimetres where the pitch is known', () => {
    expect(measureLength([0, 0], [3, 4], 4)).toEqual({ length_px: 5, length_mm: 20 })
    expect(measureLength([0, 0], [3, 4], null)).toEqual({ length_px: 5, length_mm: null })
  })
})
