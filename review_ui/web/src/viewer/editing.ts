/** Moving and resizing a box by its body and its edges. Boxes are in scan pixels. */
import { type Point, type Size, wayToScan } from './geometry'
import type { Box } from './types'

/** Which edges follow the pointer; all four move the box. */
export interface Grip {
  left: boolean
  top: boolean
  right: boolean
  bottom: boolean
}

const WHOLE: Grip = { left: true, top: true, right: true, bottom: true }
const OUTWARDS: Record<keyof Grip, Point> = { left: [-1, 0], top: [0, -1], right: [1, 0], bottom: [0, 1] }
const REACH_PX = 7
const LEAST_SIDE = 2

/** What a pointer holds of a box on the screen; null beside it. */
export function gripAt([x0, y0, x1, y1]: Box, [x, y]: Point): Grip | null {
  if (x < x0 - REACH_PX || x > x1 + REACH_PX || y < y0 - REACH_PX || y > y1 + REACH_PX) return null
  // Of a box smaller than two reaches the nearer edge is held.
  const left = Math.abs(x - x0) <= REACH_PX && Math.abs(x - x0) <= Math.abs(x - x1)
  const top = Math.abs(y - y0) <= REACH_PX && Math.abs(y - y0) <= Math.abs(y - y1)
  const right = !left && Math.abs(x - x1) <= REACH_PX
  const bottom = !top && Math.abs(y - y1) <= REACH_PX
  return left || top || right || bottom ? { left, top, right, bottom } : WHOLE
}

/** What is held of the scan's box when `grip` is held on the screen. */
export function gripOnScan(grip: Grip, facing: Parameters<typeof wayToScan>[0]): Grip {
  const held: Grip = { left: false, top: false, right: false, bottom: false }
  for (const [side, outwards] of Object.entries(OUTWARDS) as [keyof Grip, Point][]) {
    if (!grip[side]) continue
    const [x, y] = wayToScan(facing, outwards)
    if (Math.abs(x) > Math.abs(y)) held[x < 0 ? 'left' : 'right'] = true
    else held[y < 0 ? 'top' : 'bottom'] = true
  }
  return held
}

/** The box after its held edges moved by `[dx, dy]`: inside the scan, never turned inside out. */
export function editBox(box: Box, grip: Grip, [dx, dy]: Point, scan: Size): Box {
  const [x0, x1] = moveSpan([box[0], box[2]], [grip.left, grip.right], dx, scan.width)
  const [y0, y1] = moveSpan([box[1], box[3]], [grip.top, grip.bottom], dy, scan.height)
  return [x0, y0, x1, y1]
}

/** Move a box, keeping its size. */
export function shiftBox(box: Box, by: Point, scan: Size): Box {
  return editBox(box, WHOLE, by, scan)
}

/** A box `factor` times as large around its middle. */
export function scaleBox(box: Box, factor: number, scan: Size): Box {
  const dx = ((box[2] - box[0]) * (factor - 1)) / 2
  const dy = ((box[3] - box[1]) * (factor - 1)) / 2
  const upper = editBox(box, { left: true, top: true, right: false, bottom: false }, [-dx, -dy], scan)
  return editBox(upper, { left: false, top: false, right: true, bottom: true }, [dx, dy], scan)
}

function moveSpan(
  [a, b]: [number, number],
  [movesA, movesB]: [boolean, boolean],
  by: number,
  limit: number,
): [number, number] {
  if (movesA && movesB) {
    const d = Math.min(limit - b, Math.max(-a, by))
    return [a + d, b + d]
  }
  if (movesA) return [Math.min(b - LEAST_SIDE, Math.max(0, a + by)), b]
  if (movesB) return [a, Math.max(a + LEAST_SIDE, Math.min(limit, b + by))]
  return [a, b]
}
