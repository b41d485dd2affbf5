/**
 * Draws boxes into a buffer of 32-bit pixels as ImageData holds them (0xAABBGGRR, not premultiplied).
 *
 * Two thousand boxes take two milliseconds; as SVG paths or as a canvas's own rectangles they took more than
 * a frame (`boxes2000_pan_p95_ms` of `make bench-ui`). Free of the DOM.
 */
import type { Size } from './geometry'
import type { Box } from './types'

export interface BoxLook {
  /** 0xBBGGRR. */
  colour: number
  /** Of the outline; corners are always whole. */
  isDashed: boolean
  isSelected: boolean
  isDimmed: boolean
}

/** A box in pixels of the buffer; may reach beyond it. */
export interface PlacedBox extends BoxLook {
  box: Box
}

const CORNER_PX = 16
const HALO = 0.55
const OUTLINE = 0.6
const FILL = 0.08
const DIMMED = 0.32
const DASH_PX = 4
const GAP_PX = 3

/**
 * Paint boxes in order, the most important last.
 *
 * Lines replace what is below them. Halos and fills only go where something fainter is, so that a box inside
 * a selected one stays as clear as it was.
 *
 * @param out All zero, `size.width * size.height` words.
 * @param ratio Pixels of the buffer per screen pixel.
 */
export function paintBoxes(out: Uint32Array, size: Size, boxes: Iterable<PlacedBox>, ratio: number): void {
  const canvas = new Words(out, size)
  for (const box of boxes) paintBox(canvas, box, ratio)
}

/** The buffer's part that painting boxes can touch: whole pixels, clipped; null if it is empty. */
export function touchedArea(boxes: Iterable<PlacedBox>, size: Size, ratio: number): Box | null {
  const reach = Math.ceil(4 * ratio)
  let [left, top, right, bottom] = [size.width, size.height, 0, 0]
  for (const { box } of boxes) {
    left = Math.min(left, Math.round(box[0]) - reach)
    top = Math.min(top, Math.round(box[1]) - reach)
    right = Math.max(right, Math.round(box[2]) + reach)
    bottom = Math.max(bottom, Math.round(box[3]) + reach)
  }
  const area: Box = [
    Math.max(0, left),
    Math.max(0, top),
    Math.min(size.width, right),
    Math.min(size.height, bottom),
  ]
  return area[2] > area[0] && area[3] > area[1] ? area : null
}

function paintBox(canvas: Words, { box, ...look }: PlacedBox, ratio: number): void {
  const [x0, y0, x1, y1] = box.map(Math.round) as Box
  const share = look.isDimmed && !look.isSelected ? DIMMED : 1
  const word = (alpha: number, colour = look.colour) =>
    ((Math.round(255 * alpha * share) << 24) | colour) >>> 0
  const line = Math.max(1, Math.round(ratio))
  if (look.isSelected) canvas.fillBelow([x0, y0, x1, y1], word(FILL))
  const isWhole = look.isSelected || !look.isDashed
  const dash = isWhole ? null : { on: Math.round(DASH_PX * ratio), off: Math.round(GAP_PX * ratio) }
  canvas.outline([x0, y0, x1, y1], line, word(isWhole ? 1 : OUTLINE), dash)
  const corners = cornerBars([x0, y0, x1, y1], Math.round((look.isSelected ? 4 : 2.5) * ratio), ratio)
  for (const [ax, ay, bx, by] of corners) {
    canvas.fillBelow([ax - line, ay - line, bx + line, by + line], word(HALO, 0))
  }
  for (const bar of corners) canvas.fill(bar, word(1))
}

/** Two bars for each corner, around the box's edge. */
function cornerBars([x0, y0, x1, y1]: Box, thick: number, ratio: number): Box[] {
  const long = Math.round(Math.min(CORNER_PX * ratio, (x1 - x0) / 3, (y1 - y0) / 3))
  const before = thick >> 1
  const [left, top, right, bottom] = [x0 - before, y0 - before, x1 - before, y1 - before]
  return [
    [left, top, x0 + long, top + thick],
    [left, top, left + thick, y0 + long],
    [x1 - long, top, right + thick, top + thick],
    [right, top, right + thick, y0 + long],
    [left, bottom, x0 + long, bottom + thick],
    [left, y1 - long, left + thick, bottom + thick],
    [x1 - long, bottom, right + thick, bottom + thick],
    [right, y1 - long, right + thick, bottom + thick],
  ]
}

/** Rectangles of one word each, clipped to the buffer. */
class Words {
  constructor(
    private readonly words: Uint32Array,
    private readonly size: Size,
  ) {}

  fill([x0, y0, x1, y1]: Box, word: number): void {
    const { width, height } = this.size
    const from = Math.max(0, x0)
    const to = Math.min(width, x1)
    for (let y = Math.max(0, y0); y < Math.min(height, y1); y++) {
      for (let i = y * width + from, end = y * width + to; i < end; i++) this.words[i] = word
    }
  }

  /** Where something fainter is, or nothing. */
  fillBelow([x0, y0, x1, y1]: Box, word: number): void {
    const { width, height } = this.size
    const from = Math.max(0, x0)
    const to = Math.min(width, x1)
    const alpha = word >>> 24
    for (let y = Math.max(0, y0); y < Math.min(height, y1); y++) {
      for (let i = y * width + from, end = y * width + to; i < end; i++) {
        if (this.words[i] >>> 24 < alpha) this.words[i] = word
      }
    }
  }

  outline([x0, y0, x1, y1]: Box, line: number, word: number, dash: { on: number; off: number } | null): void {
    const { width, height } = this.size
    const { on, off } = dash ?? { on: Math.max(x1 - x0, y1 - y0) + line, off: 1 }
    // A huge box has few dashes in sight.
    const first = (from: number): number => from + Math.max(0, Math.floor(-from / (on + off))) * (on + off)
    for (let x = first(x0); x < Math.min(width, x1 + line); x += on + off) {
      const end = Math.min(x + on, x1 + line)
      this.fill([x, y0, end, y0 + line], word)
      this.fill([x, y1, end, y1 + line], word)
    }
    for (let y = first(y0); y < Math.min(height, y1 + line); y += on + off) {
      const end = Math.min(y + on, y1 + line)
      this.fill([x0, y, x0 + line, end], word)
      this.fill([x1, y, x1 + line, end], word)
    }
  }
}
