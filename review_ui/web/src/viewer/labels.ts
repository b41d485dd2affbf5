/** Where overlay labels go: beside their box, inside the view, clear of one another. */
import type { Size } from './geometry'
import type { Box } from './types'

export interface LabelRequest {
  id: string
  /** Screen rectangle of the labelled box. */
  box: Box
  width: number
  height: number
}

export interface PlacedLabel {
  id: string
  x: number
  y: number
}

const GAP = 3

export function overlaps(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/** Corners in order of preference: above, below, inside, then above and below from the right edge. */
function candidates({ box, width, height }: LabelRequest): [number, number][] {
  const [x0, y0, x1, y1] = box
  return [
    [x0, y0 - height - GAP],
    [x0, y1 + GAP],
    [x0 + GAP, y0 + GAP],
    [x1 - width, y0 - height - GAP],
    [x1 - width, y1 + GAP],
    [x1 + GAP, y0],
    [x0 - width - GAP, y0],
  ]
}

function within(x: number, y: number, request: LabelRequest, view: Size): Box {
  const left = Math.max(2, Math.min(x, view.width - request.width - 2))
  const top = Math.max(2, Math.min(y, view.height - request.height - 2))
  return [left, top, left + request.width, top + request.height]
}

/**
 * Place labels, most important first.
 *
 * Labels of boxes out of sight are left out. One that collides everywhere is moved down past what it hits;
 * if the view is full it is left out rather than drawn over another.
 */
export function placeLabels(requests: readonly LabelRequest[], view: Size): PlacedLabel[] {
  const taken: Box[] = []
  const placed: PlacedLabel[] = []
  const everything: Box = [0, 0, view.width, view.height]
  for (const request of requests) {
    if (!overlaps(request.box, everything)) continue
    const spot = findSpot(request, view, taken)
    if (!spot) continue
    taken.push(spot)
    placed.push({ id: request.id, x: spot[0], y: spot[1] })
  }
  return placed
}

function findSpot(request: LabelRequest, view: Size, taken: readonly Box[]): Box | null {
  const isFree = (spot: Box): boolean => !taken.some((other) => overlaps(spot, other))
  for (const [x, y] of candidates(request)) {
    const spot = within(x, y, request, view)
    const moved = Math.abs(spot[1] - y) > 1
    if (isFree(spot) && (!moved || y === request.box[1] + GAP)) return spot
  }
  for (let y = request.box[1]; y < view.height - request.height; y += request.height + 1) {
    const spot = within(request.box[0], y, request, view)
    if (isFree(spot)) return spot
  }
  return null
}
