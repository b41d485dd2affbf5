import { expect, it } from 'vitest'

import type { ScanRef } from '../viewer'
import { firstOf, relate, relationOf, secondOf } from './paneLink'

function scan(width_px: number, height_px: number, pixel_pitch_mm: number | null): ScanRef {
  const level = {
    level: 0 as const,
    width_px,
    height_px,
    n_channels: 2,
    strip_rows: 64,
    n_strips: 1,
    url: '',
  }
  return { key: `${width_px}`, modality: 'cargo', bit_depth: 16, pixel_pitch_mm, levels: [level] }
}

it('shows a millimetre as long in both, middle on middle', () => {
  const relation = relationOf(scan(4000, 1000, 5), scan(2000, 800, 10))
  expect(secondOf(relation, { zoom: 0.5, center: [2000, 500] })).toEqual({ zoom: 1, center: [1000, 400] })
  // 400 pixels of 5 mm are 200 of 10 mm.
  expect(secondOf(relation, { zoom: 0.5, center: [2400, 500] }).center).toEqual([1200, 400])
})

it('shows both as wide where a pixel pitch is not known', () => {
  const relation = relationOf(scan(4000, 1000, null), scan(2000, 800, 10))
  expect(secondOf(relation, { zoom: 0.25, center: [0, 500] })).toEqual({ zoom: 0.5, center: [0, 400] })
})

it('is the same both ways', () => {
  const relation = relationOf(scan(4000, 1000, 5), scan(3000, 800, 4))
  const place = { zoom: 0.7, center: [1234, 321] as [number, number] }
  const back = firstOf(relation, secondOf(relation, place))
  expect(back.zoom).toBeCloseTo(0.7)
  expect(back.center[0]).toBeCloseTo(1234)
  expect(back.center[1]).toBeCloseTo(321)
})

it('keeps what was aligned by hand', () => {
  const [first, second] = [
    { zoom: 1, center: [100, 100] as [number, number] },
    { zoom: 2, center: [500, 50] as [number, number] },
  ]
  const relation = relate(first, second)
  expect(secondOf(relation, first)).toEqual(second)
  // 40 screen pixels to the right in both.
  expect(secondOf(relation, { zoom: 1, center: [140, 100] })).toEqual({ zoom: 2, center: [520, 50] })
})
