import { describe, expect, it } from 'vitest'

import { editBox, type Grip, gripAt, gripOnScan, scaleBox, shiftBox } from './editing'
import type { Box } from './types'

const SCAN = { width: 400, height: 200 }
const BOX: Box = [100, 50, 200, 100]

describe('gripAt', () => {
  it('holds corners, edges and the body, and nothing beside the box', () => {
    expect(gripAt(BOX, [102, 48])).toEqual({ left: true, top: true, right: false, bottom: false })
    expect(gripAt(BOX, [198, 75])).toEqual({ left: false, top: false, right: true, bottom: false })
    expect(gripAt(BOX, [150, 75])).toEqual({ left: true, top: true, right: true, bottom: true })
    expect(gripAt(BOX, [150, 120])).toBeNull()
  })

  it('holds one side of a box that is smaller than the reach', () => {
    expect(gripAt([10, 10, 14, 14], [13, 11])).toEqual({ left: false, top: true, right: true, bottom: false })
  })
})

describe('gripOnScan', () => {
  const held = (...sides: (keyof Grip)[]): Grip => ({
    left: sides.includes('left'),
    top: sides.includes('top'),
    right: sides.includes('right'),
    bottom: sides.includes('bottom'),
  })
  const plain = { zoom: 2, flippedX: false, flippedY: false, turns: 0 as const }

  it('names the edge of the scan that lies where the pointer is', () => {
    expect(gripOnScan(held('left', 'top'), plain)).toEqual(held('left', 'top'))
    expect(gripOnScan(held('left'), { ...plain, flippedX: true })).toEqual(held('right'))
    expect(gripOnScan(held('bottom'), { ...plain, turns: 1 })).toEqual(held('right'))
    expect(gripOnScan(held('left', 'top'), { ...plain, turns: 1 })).toEqual(held('left', 'bottom'))
    expect(gripOnScan(held('top'), { ...plain, flippedX: true, turns: 1 })).toEqual(held('right'))
    expect(gripOnScan(held('left', 'top', 'right', 'bottom'), { ...plain, turns: 3 })).toEqual(
      held('left', 'top', 'right', 'bottom'),
    )
  })
})

describe('editBox', () => {
  it('moves the edges that are held', () => {
    const grip = { left: false, top: true, right: true, bottom: false }
    expect(editBox(BOX, grip, [20, -10], SCAN)).toEqual([100, 40, 220, 100])
  })

  it('stays in the scan and is never turned inside out', () => {
    expect(editBox(BOX, { left: true, top: false, right: false, bottom: false }, [500, 0], SCAN)).toEqual([
      198, 50, 200, 100,
    ])
    expect(shiftBox(BOX, [500, -500], SCAN)).toEqual([300, 0, 400, 50])
  })

  it('grows and shrinks around its middle', () => {
    expect(scaleBox(BOX, 1.2, SCAN)).toEqual([90, 45, 210, 105])
    expect(scaleBox(BOX, 0.5, SCAN)).toEqual([125, 62.5, 175, 87.5])
  })
})
