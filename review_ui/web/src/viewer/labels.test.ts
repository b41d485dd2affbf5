import { describe, expect, it } from 'vitest'
import { type LabelRequest, overlaps, placeLabels } from './labels'
import type { Box } from './types'

const VIEW = { width: 600, height: 300 }

function request(id: string, box: Box, width = 120): LabelRequest {
  return { id, box, width, height: 20 }
}

function place(requests: LabelRequest[]): Map<string, Box> {
  return new Map(
    placeLabels(requests, VIEW).map(({ id, x, y }) => {
      const { width, height } = requests.find((r) => r.id === id)!
      return [id, [x, y, x + width, y + height]]
    }),
  )
}

describe('placeLabels', () => {
  it('puts a label above its box where there is room', () => {
    expect(place([request('a', [100, 100, 160, 150])]).get('a')).toEqual([100, 77, 220, 97])
  })

  it('puts it below, then inside, at the upper edge', () => {
    expect(place([request('a', [100, 5, 160, 50])]).get('a')![1]).toBe(53)
    expect(place([request('a', [100, -5, 400, 310])]).get('a')![1]).toBeGreaterThanOrEqual(2)
  })

  it('keeps labels inside the view', () => {
    const spot = place([request('a', [590, 100, 598, 150])]).get('a')!
    expect(spot[2]).toBeLessThanOrEqual(600)
  })

  it('leaves out boxes out of sight', () => {
    expect(place([request('a', [700, 0, 800, 50])]).size).toBe(0)
  })

  it('never lays one label over another, however many there are', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      request(String(i), [200 + 3 * i, 100 + 2 * i, 260 + 3 * i, 140 + 2 * i]),
    )
    const spots = [...place(many).values()]
    expect(spots.length).toBeGreaterThan(10)
    for (const [i, a] of spots.entries()) {
      for (const b of spots.slice(i + 1)) expect(overlaps(a, b)).toBe(false)
    }
  })

  it('serves the first first', () => {
    const box: Box = [100, 100, 160, 150]
    expect(place([request('first', box), request('second', box)]).get('first')).toEqual([100, 77, 220, 97])
  })
})
