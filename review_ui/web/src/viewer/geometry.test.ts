import { describe, expect, it } from 'vitest'
import {
  boxToScreen,
  clipBox,
  fitZoom,
  focusZoom,
  formatLength,
  type Pose,
  scaleBar,
  scanToScreen,
  screenToScan,
  zoomAbout,
} from './geometry'

const VIEW = { width: 800, height: 400 }
const SCAN = { width: 4800, height: 1200 }
const POSES: Pose[] = [false, true].flatMap((flippedX) =>
  [false, true].map((flippedY) => ({ zoom: 0.37, center: [1000, 420], flippedX, flippedY }) satisfies Pose),
)

describe('scanToScreen and screenToScan', () => {
  it.each(POSES)('undo each other, flipped $flippedX $flippedY', (pose) => {
    const [x, y] = screenToScan(pose, VIEW, scanToScreen(pose, VIEW, [123.25, 987]))
    expect(x).toBeCloseTo(123.25)
    expect(y).toBeCloseTo(987)
  })

  it('puts the centre in the middle', () => {
    expect(scanToScreen(POSES[0], VIEW, [1000, 420])).toEqual([400, 200])
  })

  it('mirrors left and right', () => {
    const [plain, mirrored] = [POSES[0], POSES[2]].map((pose) => scanToScreen(pose, VIEW, [1100, 420])[0])
    expect(plain - 400).toBeCloseTo(400 - mirrored)
  })
})

describe('boxToScreen', () => {
  it.each(POSES)('keeps corners in order, flipped $flippedX $flippedY', (pose) => {
    const [x0, y0, x1, y1] = boxToScreen(pose, VIEW, [10, 20, 30, 60])
    expect(x1 - x0).toBeCloseTo(20 * 0.37)
    expect(y1 - y0).toBeCloseTo(40 * 0.37)
  })
})

describe('zoomAbout', () => {
  it.each(POSES)('keeps the scan point under the pointer, flipped $flippedX $flippedY', (pose) => {
    const at: [number, number] = [650, 90]
    const before = screenToScan(pose, VIEW, at)
    const center = zoomAbout(pose, VIEW, at, 2.5)
    const after = screenToScan({ ...pose, zoom: 2.5, center }, VIEW, at)
    expect(after[0]).toBeCloseTo(before[0])
    expect(after[1]).toBeCloseTo(before[1])
  })
})

describe('zooms', () => {
  it('fits the longer side', () => {
    expect(fitZoom(SCAN, VIEW)).toBeCloseTo(800 / 4800)
  })

  it('focuses a small box without losing its surroundings, a large one without cutting it', () => {
    expect(focusZoom([100, 100, 110, 110], SCAN, VIEW)).toBeLessThanOrEqual(6)
    expect(focusZoom([0, 0, 4800, 1200], SCAN, VIEW)).toBeCloseTo(fitZoom(SCAN, VIEW))
  })
})

describe('clipBox', () => {
  it('covers the pixels a box touches, inside the scan', () => {
    expect(clipBox([-5, 3.2, 10.1, 5000], SCAN)).toEqual([0, 3, 11, 1200])
    expect(clipBox([-5, -5, -1, -1], SCAN)).toBeNull()
  })
})

describe('scaleBar', () => {
  it.each([
    [4.2, 140, 500],
    [0.9, 140, 100],
    [21, 140, 2000],
  ])('is a round length that fits, %f mm a pixel', (mmPerPx, maxPx, mm) => {
    const bar = scaleBar(mmPerPx, maxPx)
    expect(bar.mm).toBe(mm)
    expect(bar.px).toBeLessThanOrEqual(maxPx)
  })
})

describe('formatLength', () => {
  it.each([
    [2500, '2.5 m'],
    [1000, '1 m'],
    [450, '45 cm'],
    [42.04, '42 mm'],
  ])('writes %f mm as %s', (mm, text) => {
    expect(formatLength(mm)).toBe(text)
  })
})
