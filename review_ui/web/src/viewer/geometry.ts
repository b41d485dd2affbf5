/**
 * Where scan pixels lie on the screen. Scan pixel (x, y) covers [x, x+1) × [y, y+1); screen positions are
 * CSS pixels from the view's upper left corner.
 */
import type { Box, Turns, ViewState } from './types'

export type Point = [number, number]

export interface Size {
  width: number
  height: number
}

export type Pose = Pick<ViewState, 'zoom' | 'center' | 'flippedX' | 'flippedY' | 'turns'>
type Facing = Omit<Pose, 'center'>

export const MAX_ZOOM = 48

/** A vector after `turns` quarter turns clockwise, on a screen whose y points down. */
function turned([x, y]: Point, turns: number): Point {
  const [tx, ty] = turns & 1 ? [-y, x] : [x, y]
  return turns & 2 ? [-tx, -ty] : [tx, ty]
}

function flipped([x, y]: Point, { flippedX, flippedY }: Facing): Point {
  return [flippedX ? -x : x, flippedY ? -y : y]
}

/** A way on the scan as a way on the screen. */
export function wayToScreen(facing: Facing, way: Point): Point {
  const [x, y] = turned(flipped(way, facing), facing.turns)
  return [x * facing.zoom, y * facing.zoom]
}

/** A way on the screen as a way on the scan. */
export function wayToScan(facing: Facing, way: Point): Point {
  const [x, y] = flipped(turned(way, 4 - facing.turns), facing)
  return [x / facing.zoom, y / facing.zoom]
}

export function scanToScreen(pose: Pose, view: Size, [x, y]: Point): Point {
  const [dx, dy] = wayToScreen(pose, [x - pose.center[0], y - pose.center[1]])
  return [dx + view.width / 2, dy + view.height / 2]
}

export function screenToScan(pose: Pose, view: Size, [x, y]: Point): Point {
  const [dx, dy] = wayToScan(pose, [x - view.width / 2, y - view.height / 2])
  return [dx + pose.center[0], dy + pose.center[1]]
}

/** A size as it lies on the screen. */
export function turnedSize({ width, height }: Size, turns: Turns): Size {
  return turns & 1 ? { width: height, height: width } : { width, height }
}

/** What mirroring the picture as it is seen, left to right or top to bottom, does to the scan's own axes. */
export function mirrored(facing: Omit<Facing, 'zoom'>, axis: 'x' | 'y'): Pick<Pose, 'flippedX' | 'flippedY'> {
  const isOwnX = (axis === 'x') === (facing.turns % 2 === 0)
  return { flippedX: facing.flippedX !== isOwnX, flippedY: facing.flippedY === isOwnX }
}

/** The screen rectangle of a scan box, with x0 ≤ x1 and y0 ≤ y1 whatever is flipped. */
export function boxToScreen(pose: Pose, view: Size, box: Box): Box {
  return normaliseBox(scanToScreen(pose, view, [box[0], box[1]]), scanToScreen(pose, view, [box[2], box[3]]))
}

export function normaliseBox([ax, ay]: Point, [bx, by]: Point): Box {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)]
}

/** Whole pixels inside the scan that a drawn box touches; null if there are none. */
export function clipBox(box: Box, scan: Size): Box | null {
  const x0 = Math.max(0, Math.floor(box[0]))
  const y0 = Math.max(0, Math.floor(box[1]))
  const x1 = Math.min(scan.width, Math.ceil(box[2]))
  const y1 = Math.min(scan.height, Math.ceil(box[3]))
  return x1 > x0 && y1 > y0 ? [x0, y0, x1, y1] : null
}

export function fitZoom(scan: Size, view: Size): number {
  const zoom = Math.min(view.width / scan.width, view.height / scan.height)
  return Math.min(zoom > 0 ? zoom : 1, MAX_ZOOM)
}

/** Fill the width; a scan lower than the view stays centred. */
export function fitWidthZoom(scan: Size, view: Size): number {
  return Math.min(view.width / scan.width || 1, MAX_ZOOM)
}

export function clampZoom(zoom: number, scan: Size, view: Size): number {
  const least = Math.min(fitZoom(scan, view) / 2, 1)
  return Math.min(MAX_ZOOM, Math.max(least, zoom))
}

/** Keep the scan in sight: its edge may come to the middle of the view, no further. */
export function clampCenter([x, y]: Point, scan: Size): Point {
  return [Math.min(scan.width, Math.max(0, x)), Math.min(scan.height, Math.max(0, y))]
}

/** The centre that keeps the scan point under `at` where it is while the zoom changes. */
export function zoomAbout(pose: Pose, view: Size, at: Point, zoom: number): Point {
  const [x, y] = screenToScan(pose, view, at)
  const [dx, dy] = wayToScan({ ...pose, zoom }, [at[0] - view.width / 2, at[1] - view.height / 2])
  return [x - dx, y - dy]
}

/** Zoom that shows something with room around it, between what fits and what still shows context. */
export function focusZoom(box: Size, scan: Size, view: Size): number {
  const room = 5
  const zoom = fitZoom({ width: Math.max(1, box.width * room), height: Math.max(1, box.height * room) }, view)
  return clampZoom(Math.min(4, Math.max(fitZoom(scan, view), zoom)), scan, view)
}

/** A round length for the scale bar: 1, 2 or 5 × 10ⁿ mm, at most `maxPx` wide on the screen. */
export function scaleBar(mmPerScreenPx: number, maxPx: number): { mm: number; px: number } {
  const most = mmPerScreenPx * maxPx
  const decade = 10 ** Math.floor(Math.log10(most))
  const mm = [5, 2, 1].map((n) => n * decade).find((n) => n <= most) ?? decade
  return { mm, px: mm / mmPerScreenPx }
}

/** A length as people read it: m from one metre, cm from ten centimetres, else mm. */
export function formatLength(mm: number): string {
  if (mm >= 1000) return `${Number((mm / 1000).toFixed(2))} m`
  if (mm >= 100) return `${Number((mm / 10).toFixed(1))} cm`
  return `${Number(mm.toFixed(1))} mm`
}
