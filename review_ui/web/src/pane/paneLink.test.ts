import { expect, it, vi } from 'vitest'
import { createStore } from 'zustand/vanilla'

import type { ScanRef, ViewState } from '../viewer'
import type { Pane } from './pane'
import { firstOf, PaneLink, relate, relationOf, secondOf } from './paneLink'

vi.mock('../shell/windows', () => ({ listenInAll: () => () => undefined }))

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

it('aligns a pane that shows its first picture after it was told to', () => {
  const view = (zoom: number, x: number) => ({ zoom, center: [x, 50] }) as unknown as ViewState
  const pane = (first: ViewState | null) => {
    const store = createStore<{ scan: ScanRef; view: ViewState | null }>(() => ({
      scan: scan(200, 100, null),
      view: first,
    }))
    const change = (patch: (view: ViewState) => Partial<ViewState>) => {
      const { view } = store.getState()
      if (view) store.setState({ view: { ...view, ...patch(view) } })
    }
    return { store, change, takeLook: () => undefined, contains: () => false }
  }
  const [main, other] = [pane(view(0.5, 100)), pane(null)]
  const link = new PaneLink(main as unknown as Pane, other as unknown as Pane)
  const end = link.start()
  link.align()
  expect(other.store.getState().view).toBeNull()
  other.store.setState({ view: view(0.9, 7) })
  expect(other.store.getState().view).toMatchObject({ zoom: 0.5, center: [100, 50] })
  end()
})
