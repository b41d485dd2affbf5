import { describe, expect, it } from 'vitest'
import { draftOf } from './drafts'
import { Emitter } from './emitter'
import { fullScan, noise } from './fixtures'
import { measureLength, measureRoi, probeAt } from './measure'

describe('measureRoi', () => {
  it('summarises the raw pixels of the box', () => {
    const plane = Uint16Array.from({ length: 64 }, (_, i) => i)
    const roi = measureRoi(fullScan([plane, noise(8, 8)], 8), [1, 1, 3, 3])
    expect(roi).toMatchObject({ box: [1, 1, 3, 3], n: 4, high: { mean: 13.5, min: 9, max: 18 } })
    expect(roi?.high.std).toBeCloseTo(Math.sqrt((4.5 ** 2 + 3.5 ** 2) / 2))
    expect(roi?.low?.mean).toBeGreaterThan(0)
  })

  it('clips the box to the scan and answers nothing outside', () => {
    const scan = fullScan([noise(8, 8)], 8)
    expect(measureRoi(scan, [-4, -4, 2, 2])).toMatchObject({
      box: [0, 0, 2, 2],
      n: 4,
      low: null,
      ratio: null,
    })
    expect(measureRoi(scan, [9, 9, 12, 12])).toBeNull()
  })
})

describe('measureLength', () => {
  it('knows millimetres where the pitch is known', () => {
    expect(measureLength([0, 0], [3, 4], 4)).toEqual({ length_px: 5, length_mm: 20 })
    expect(measureLength([0, 0], [3, 4], null)).toEqual({ length_px: 5, length_mm: null })
  })
})

describe('the ratio of a region', () => {
  const even = (value: number) => new Uint16Array(64).fill(value)

  it('is that of the attenuations of the means', () => {
    const roi = measureRoi(
      fullScan([even(65535 * Math.exp(-1)), even(65535 * Math.exp(-1.3))], 8),
      [0, 0, 8, 8],
    )
    expect(roi?.ratio).toBeCloseTo(1.3, 3)
  })

  it('is not given in open air, nor where nothing comes through', () => {
    expect(measureRoi(fullScan([even(65535), even(65535)], 8), [0, 0, 8, 8])?.ratio).toBeNull()
    expect(measureRoi(fullScan([even(9000), even(0)], 8), [0, 0, 8, 8])?.ratio).toBeNull()
  })
})

describe('probeAt', () => {
  it('answers the raw values of the pixel under the point', () => {
    const [high, low] = [noise(8, 8), noise(8, 8, 3)]
    const scan = fullScan([high, low], 8)
    expect(probeAt(scan, [3.9, 2.1])).toMatchObject({ x: 3, y: 2, high: high[19], low: low[19] })
    expect(probeAt(scan, [-0.1, 2])).toBeNull()
  })

  it('says air in air, nothing of the material at a single energy', () => {
    const air = new Uint16Array(64).fill(65535)
    expect(probeAt(fullScan([air, air], 8), [1, 1])?.material).toBe('air')
    expect(probeAt(fullScan([air], 8), [1, 1])).toMatchObject({ low: null, material: null, z_eff: null })
  })
})

describe('draftOf', () => {
  const scan = fullScan([noise(64, 64)], 64)

  function draw(kind: 'box' | 'ruler' | 'roi', phase: 'move' | 'end' | 'cancel') {
    const events: string[] = []
    const emitter = new Emitter()
    for (const event of ['boxdrawn', 'measured'] as const) emitter.on(event, () => events.push(event))
    const draft = draftOf(scan, { kind, from: [50.5, 40], to: [10.2, -5], phase }, emitter)
    return { draft, events }
  }

  it('shows the size while a box grows, and hands the finished box over', () => {
    expect(draw('box', 'move')).toMatchObject({
      draft: { from: [10, 0], to: [51, 40], text: '16.4 cm × 16 cm' },
    })
    expect(draw('box', 'end')).toEqual({ draft: null, events: ['boxdrawn'] })
  })

  it.each(['ruler', 'roi'] as const)('keeps a finished %s on the screen and announces it once', (kind) => {
    expect(draw(kind, 'move').events).toEqual([])
    const { draft, events } = draw(kind, 'end')
    expect(draft?.text).not.toBe('')
    expect(events).toEqual(['measured'])
  })

  it('shows and announces nothing when given up', () => {
    expect(draw('roi', 'cancel')).toEqual({ draft: null, events: [] })
  })
})
