/** Where a card stands beside what it is about. */

export interface Rect {
  left: number
  top: number
  width: number
  height: number
}

export interface Extent {
  width: number
  height: number
}

const GAP_PX = 14
const EDGE_PX = 8

/** Top left corner of a card on the side of `target` with the most room; over its middle where no side has enough. */
export function beside(target: Rect, card: Extent, view: Extent): { left: number; top: number } {
  const right = target.left + target.width
  const bottom = target.top + target.height
  const middle = {
    left: target.left + (target.width - card.width) / 2,
    top: target.top + (target.height - card.height) / 2,
  }
  const sides = [
    { room: view.width - right - card.width, left: right + GAP_PX, top: middle.top },
    { room: target.left - card.width, left: target.left - GAP_PX - card.width, top: middle.top },
    { room: view.height - bottom - card.height, left: middle.left, top: bottom + GAP_PX },
    { room: target.top - card.height, left: middle.left, top: target.top - GAP_PX - card.height },
  ]
  const best = sides.reduce((a, b) => (b.room > a.room ? b : a))
  const { left, top } = best.room >= GAP_PX + EDGE_PX ? best : middle
  const within = (value: number, size: number, limit: number) =>
    Math.max(EDGE_PX, Math.min(value, limit - size - EDGE_PX))
  return { left: within(left, card.width, view.width), top: within(top, card.height, view.height) }
}
