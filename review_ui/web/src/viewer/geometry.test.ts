import { describe, expect, it } from 'vitest'
import {
  boxToScreen,
  clipBox,
  fitZoom,
  focusZoom,
  formatLength,
  mirrored,
  type Pose,
  scaleBar,
  scanToScreen,
  screenToScan,
  zoomAbout,
} from './geometry'

const VIEW = { width: 800, height: 400 }
const SCAN = { width: 4800, height: 1200 }
const PLAIN: Pose = { zoom: 0.37, center: [1000, 420], flippedX: false, flippedY: false, turns: 0 }
const POSES: Pose[] = [false, true].flatMap((flippedX) =>
  [false, true].flatMap((flippedY) =>
    ([0, 1, 2, 3] as const).map((turns) => ({ ...PLAIN, flippedX, flippedY, turns })),
  ),
)

describe('scanToScreen and screenToScan', () => {
  it.each(POSES)('undo each other, flipped $flippedX $flippedY, turned $turns', (pose) => {
    const [x, y] = screenToScan(pose, VIEW, scanToScreen(pose, VIEW, [123.25, 987]))
    expect(x).toBeCloseTo(123.25)
    expect(y).toBeCloseTo(987)
  })

  it('puts the centre in the middle', () => {
    expect(scanToScreen(PLAIN, VIEW, [1000, 420])).toEqual([400, 200])
  })

  it('mirrors left and right', () => {
    const [plain, mirror] = [PLAIN, { ...PLAIN, flippedX: true }].map(
      (pose) => scanToScreen(pose, VIEW, [1100, 420])[0],
    )
    expect(plain - 400).toBeCloseTo(400 - mirror)
  })

  it('turns clockwise: what was at the right is below', () => {
    const [x, y] = scanToScreen({ ...PLAIN, turns: 1 }, VIEW, [1100, 420])
    expect([x, y]).toEqual([400, 237])
    expect(scanToScreen({ ...PLAIN, turns: 2 }, VIEW, [1100, 420])).toEqual([363, 200])
    expect(scanToScreen({ ...PLAIN, turns: 3 }, VIEW, [1100, 420])).toEqual([400, 163])
  })
})

describe('mirrored', () => {
  it.each(POSES)(
    'swaps left and right as they are seen, flipped $flippedX $flippedY, turned $turns',
    (pose) => {
      const before = scanToScreen(pose, VIEW, [1100, 500])
      const after = scanToScreen({ ...pose, ...mirrored(pose, 'x') }, VIEW, [1100, 500])
      expect(after[0] - 400).toBeCloseTo(400 - before[0])
      expect(after[1]).toBeCloseTo(before[1])
      const below = scanToScreen({ ...pose, ...mirrored(pose, 'y') }, VIEW, [1100, 500])
      expect(below[0]).toBeCloseTo(before[0])
      expect(below[1] - 200).toBeCloseTo(200 - before[1])
    },
  )
})

describe('boxToScreen', () => {
  it.each(POSES)('keeps corners in order, flipped $flippedX $flippedY, turned $turns', (pose) => {
    const [x0, y0, x1, y1] = boxToScreen(pose, VIEW, [10, 20, 30, 60])
    const [width, height] = pose.turns % 2 ? [40, 20] : [20, 40]
    expect(x1 - x0).toBeCloseTo(width * 0.37)
    expect(y1 - y0).toBeCloseTo(height * 0.37)
  })
})

describe('zoomAbout', () => {
  it.each(POSES)(
    'keeps the scan point under the pointer, flipped $flippedX $flippedY, turned $turns',
    (pose) => {
      const at: [number, number] = [650, 90]
      const before = screenToScan(pose, VIEW, at)
      const center = zoomAbout(pose, VIEW, at, 2.5)
      const after = screenToScan({ ...pose, zoom: 2.5, center }, VIEW, at)
      expect(after[0]).toBeCloseTo(before[0])
      expect(after[1]).toBeCloseTo(before[1])
    },
  )
})

describe('zooms', () => {
  it('fits the longer side', () => {
    expect(fitZoom(SCAN, VIEW)).toBeCloseTo(800 / 4800)
  })

  it('focuses a small box without losing its surroundings, a large one without cutting it', () => {
    expect(focusZoom({ width: 10, height: 10 }, SCAN, VIEW)).toBeLessThanOrEqual(6)
    expect(focusZoom(SCAN, SCAN, VIEW)).toBeCloseTo(fitZoom(SCAN, VIEW))
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
