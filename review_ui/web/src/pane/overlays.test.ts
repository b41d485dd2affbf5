import { describe, expect, it } from 'vitest'

import type { FindingOut } from '../api/types'
import { histogramPath, windowSpan } from './histogram'
import { hideForNextKind, kindsOf, named, neighbour, overlaysOf } from './overlays'

const finding = (finding_id: number, score: number, box: FindingOut['box'] = [0, 0, 9, 9]): FindingOut => ({
  finding_id,
  kind: 'gun',
  score,
  threshold: 0.3,
  box,
  text: null,
})

const INPUT = {
  findings: named([finding(0, 0.4), finding(1, 0.9), finding(2, 0.6, null)]),
  votes: {},
  annotations: [{ box: [1, 1, 2, 2] as [number, number, number, number], kind: 'knife', note: '' }],
  threshold: 0,
  hiddenKinds: [] as string[],
  showsFindings: true,
  selected: null,
  kindName: (kind: string) => kind.toUpperCase(),
}

describe('overlaysOf', () => {
  it('letters findings by strength and numbers marks', () => {
    expect(overlaysOf(INPUT).map((overlay) => overlay.label)).toEqual(['A GUN 90%', 'C GUN 40%', '1 KNIFE'])
  })

  it('hides findings below the threshold, but not the selected one and never marks', () => {
    const ids = (selected: string | null) =>
      overlaysOf({ ...INPUT, threshold: 0.95, selected }).map(({ id }) => id)
    expect(ids(null)).toEqual(['m:0'])
    expect(ids('f:0')).toEqual(['f:0', 'm:0'])
    expect(overlaysOf({ ...INPUT, showsFindings: false }).map(({ id }) => id)).toEqual(['m:0'])
  })

  it('hides findings of the kinds that are switched off, but not the selected one', () => {
    const knives = named([finding(0, 0.4), { ...finding(1, 0.9), kind: 'knife' }])
    const ids = (selected: string | null) =>
      overlaysOf({ ...INPUT, findings: knives, hiddenKinds: ['knife'], selected }).map(({ id }) => id)
    expect(ids(null)).toEqual(['f:0', 'm:0'])
    expect(ids('f:1')).toEqual(['f:1', 'f:0', 'm:0'])
  })

  it('dims what was rejected', () => {
    const dimmed = overlaysOf({ ...INPUT, votes: { 1: false, 0: true } }).map((overlay) => overlay.dimmed)
    expect(dimmed).toEqual([true, false, undefined])
  })
})

describe('hideForNextKind', () => {
  it('shows one kind after another, strongest first, then all again', () => {
    const kinds = kindsOf(named([finding(0, 0.4), { ...finding(1, 0.9), kind: 'knife' }]))
    expect(kinds).toEqual(['knife', 'gun'])
    const first = hideForNextKind(kinds, [])
    const second = hideForNextKind(kinds, first)
    expect([first, second, hideForNextKind(kinds, second)]).toEqual([['gun'], ['knife'], []])
    expect(hideForNextKind([], [])).toEqual([])
  })
})

describe('neighbour', () => {
  it('walks around in both directions', () => {
    const keys = ['f:1', 'f:0', 'm:0']
    expect(neighbour(keys, null, 1)).toBe('f:1')
    expect(neighbour(keys, null, -1)).toBe('m:0')
    expect(neighbour(keys, 'm:0', 1)).toBe('f:1')
    expect(neighbour(keys, 'f:1', -1)).toBe('m:0')
    expect(neighbour(keys, 'gone', 1)).toBe('f:1')
    expect(neighbour([], null, 1)).toBeNull()
  })
})

describe('histogram', () => {
  it('draws one step per bin', () => {
    expect(histogramPath(Uint32Array.from([0, 10, 0, 0]), 2)).toMatch(/^M0 32V3\.0H1V32\.0H2V32Z$/)
    expect(histogramPath(null, 4)).toBe('')
    expect(histogramPath(new Uint32Array(4), 4)).toBe('')
  })

  it('keeps the window inside the range', () => {
    expect(windowSpan({ window: 200_000, level: 30_000 })).toEqual([0, 1])
  })
})
