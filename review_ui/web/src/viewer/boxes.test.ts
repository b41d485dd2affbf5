import { describe, expect, it } from 'vitest'
import { type BoxLook, type PlacedBox, paintBoxes, touchedArea } from './boxes'
import type { Box } from './types'

const SIZE = { width: 60, height: 40 }
const RED = 0x0000ff
const BLUE = 0xff0000
const LOOK: BoxLook = { colour: RED, isDashed: false, isSelected: false, isDimmed: false }
const BOX: Box = [10, 8, 50, 32]

function paint(boxes: PlacedBox[], ratio = 1): Uint32Array {
  const out = new Uint32Array(SIZE.width * SIZE.height)
  paintBoxes(out, SIZE, boxes, ratio)
  return out
}

const at = (out: Uint32Array, x: number, y: number) => out[y * SIZE.width + x]
const alpha = (word: number) => word >>> 24

describe('paintBoxes', () => {
  it('draws the edge, thick and with a dark halo at the corners, and nothing inside', () => {
    const out = paint([{ ...LOOK, box: BOX }])
    expect([at(out, 30, 8), at(out, 30, 32), at(out, 10, 20), at(out, 50, 20)]).toEqual(
      Array(4).fill(0xff0000ff),
    )
    expect([at(out, 30, 7), at(out, 30, 20)]).toEqual([0, 0])
    expect([at(out, 12, 7), at(out, 12, 9)]).toEqual([0xff0000ff, 0xff0000ff])
    expect(at(out, 12, 6)).toBe(0x8c000000)
  })

  it('breaks the outline of what nobody drew', () => {
    const solid = paint([{ ...LOOK, box: BOX }])
    const dashed = paint([{ ...LOOK, isDashed: true, box: BOX }])
    const row = (out: Uint32Array) => [...out.slice(8 * 60 + 20, 8 * 60 + 40)].map(alpha)
    expect(new Set(row(solid))).toEqual(new Set([255]))
    expect(new Set(row(dashed))).toEqual(new Set([0, 153]))
  })

  it('fills a selected box faintly, but not over a box inside it', () => {
    const inner: PlacedBox = { ...LOOK, colour: BLUE, box: [22, 14, 40, 26] }
    const out = paint([inner, { ...LOOK, isSelected: true, box: BOX }])
    expect(at(out, 16, 20)).toBe(0x140000ff)
    expect(at(out, 30, 14)).toBe(0xffff0000)
  })

  it('lets a later box cover an earlier one, and dims what was rejected', () => {
    const out = paint([
      { ...LOOK, colour: BLUE, isDimmed: true, box: BOX },
      { ...LOOK, box: [30, 8, 55, 32] },
    ])
    expect([at(out, 20, 8), at(out, 40, 8)]).toEqual([0x52ff0000, 0xff0000ff])
  })

  it('doubles every line on a dense display', () => {
    const out = paint([{ ...LOOK, box: BOX }], 2)
    expect([8, 9, 10].map((y) => alpha(at(out, 30, y)))).toEqual([255, 255, 0])
  })

  it('draws the part in sight of a box that reaches far beyond it', () => {
    const out = paint([{ ...LOOK, isDashed: true, box: [-7_000_000, 5, 30, 7_000_000] }])
    expect([...Array(12).keys()].map((y) => alpha(at(out, 30, 28 + y)))).toContain(153)
    expect(out.slice(5 * 60, 5 * 60 + 12).some((word) => alpha(word) === 153)).toBe(true)
    expect(at(out, 40, 30)).toBe(0)
  })

  it('touches no more than it says', () => {
    const boxes: PlacedBox[] = [
      { ...LOOK, isSelected: true, box: [20, 15, 30, 25] },
      { ...LOOK, box: [-9, 12, 8, 20] },
    ]
    const [x0, y0, x1, y1] = touchedArea(boxes, SIZE, 1)!
    const out = paint(boxes)
    const outside = [...out].filter(
      (_, i) => i % 60 < x0 || i % 60 >= x1 || Math.floor(i / 60) < y0 || Math.floor(i / 60) >= y1,
    )
    expect(x1 - x0).toBeLessThan(40)
    expect(outside.every((word) => word === 0)).toBe(true)
    expect(touchedArea([], SIZE, 1)).toBeNull()
  })
})
