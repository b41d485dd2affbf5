import { describe, expect, it } from 'vitest'
import { addStrip, fullScan, levelRef, noise, scanRef } from './fixtures'
import { ScanPixels } from './pixels'
import { halvePlane } from './pyramid'

describe('ScanPixels', () => {
  it.each([1, 2, 3, 5, 7, 20])('halves the same whatever the strips, %i rows each', (stripRows) => {
    const [width, height] = [13, 17]
    const plane = noise(width, height)
    const scan = fullScan([plane], width, { stripRows })
    expect(scan.level(0)?.channels[0]).toEqual(plane)
    expect(scan.level(1)?.channels[0]).toEqual(halvePlane(plane, width))
    expect(scan.level(1)?.nReady).toBe(9)
  })

  it('takes strips in any order', () => {
    const [width, height] = [8, 15]
    const plane = noise(width, height)
    const ref = levelRef(0, width, height, { stripRows: 3 })
    const scan = new ScanPixels(scanRef('k', [ref]))
    for (const i of [3, 0, 4, 2, 1]) addStrip(scan, ref, i, [plane])
    expect(scan.level(1)?.channels[0]).toEqual(halvePlane(plane, width))
    expect(scan.stage).toBe('full')
  })

  it('goes from nothing to preview to full', () => {
    const full = levelRef(0, 16, 16, { stripRows: 8 })
    const small = levelRef(2, 4, 4)
    const scan = new ScanPixels(scanRef('k', [small, full]))
    expect(scan.stage).toBeNull()
    addStrip(scan, small, 0, [noise(4, 4)])
    expect(scan.stage).toBe('preview')
    addStrip(scan, full, 0, [noise(16, 16)])
    expect(scan.stage).toBe('preview')
    addStrip(scan, full, 1, [noise(16, 16)])
    expect(scan.stage).toBe('full')
  })

  it('makes coarser levels down to the size of an overview', () => {
    const scan = fullScan([noise(2100, 16)], 2100, { preview: false })
    expect(scan.levels.map((l) => [l.shift, l.width])).toEqual([
      [0, 2100],
      [1, 1050],
      [2, 525],
      [3, 263],
    ])
  })

  it('answers the exact value once the full scan is there, the preview before', () => {
    const plane = noise(16, 16)
    const full = levelRef(0, 16, 16, { stripRows: 8 })
    const small = levelRef(2, 4, 4)
    const scan = new ScanPixels(scanRef('k', [small, full]))
    expect(scan.valueAt(3, 3)).toBeNull()
    addStrip(scan, small, 0, [Uint16Array.from({ length: 16 }, (_, i) => i)])
    expect(scan.valueAt(9, 5)).toMatchObject({ high: 6, low: null, exact: false })
    addStrip(scan, full, 0, [plane])
    expect(scan.valueAt(9, 5)).toMatchObject({ high: plane[5 * 16 + 9], exact: true })
    expect(scan.valueAt(9, 12)).toMatchObject({ high: 14, exact: false })
    expect(scan.valueAt(16, 0)).toBeNull()
  })

  it('counts every pixel in its histogram', () => {
    const scan = fullScan([Uint16Array.from({ length: 64 }, (_, i) => (i < 16 ? 0 : 65535))], 8, {
      preview: false,
    })
    const bins = scan.histogram(0)
    expect([bins?.[0], bins?.[255]]).toEqual([16, 48])
  })

  it('keeps equalised planes of the right size only', () => {
    const scan = fullScan([noise(16, 16)], 16)
    scan.setEqualised(0, 0, [noise(16, 16), noise(3, 3)])
    expect(scan.level(0)?.equalised[0]).toEqual(noise(16, 16))
    expect(scan.level(1)?.equalised[0]).toBeNull()
  })
})
