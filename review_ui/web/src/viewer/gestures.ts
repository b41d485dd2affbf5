/** Turns pointer and wheel events into what they mean under the chosen tool. Knows nothing of pixels. */
import type { Point } from './geometry'
import { windowOf } from './screen'
import type { Tool } from './types'

export type ShapeKind = 'box' | 'ruler' | 'roi' | 'zoom'

export interface GestureTarget {
  panBy: (dx: number, dy: number) => void
  windowBy: (dx: number, dy: number) => void
  zoomBy: (at: Point, factor: number) => void
  hover: (at: Point | null) => void
  /** A shape between two screen points grows, is finished, or is given up. */
  shape: (kind: ShapeKind, from: Point, to: Point, phase: 'move' | 'end' | 'cancel') => void
  /** Whether a drag that begins here changes what is under the pointer instead of what the tool does. */
  grab: (at: Point) => boolean
  /** What was grabbed moves from where it was, is left there, or goes back. */
  edit: (by: Point, phase: 'move' | 'end' | 'cancel') => void
  click: (at: Point) => void
  doubleClick: () => void
}

type Action = 'pan' | 'window' | 'edit' | ShapeKind | 'none'

interface Drag {
  action: Action
  pointer: number
  start: Point
  last: Point
  moved: boolean
}

/** A pointer that strays no further than this has clicked. */
const CLICK_PX = 4
const DOUBLE_CLICK_MS = 350
const LINE_PX = 16

export class Gestures {
  tool: Tool = 'pan'
  private readonly pointers = new Map<number, Point>()
  private drag: Drag | null = null
  private lastClick: { at: number; point: Point } | null = null
  private readonly listening = new AbortController()
  /** Where Esc gives a drag up. */
  private keyWindow: Window | null = null

  constructor(
    private readonly root: HTMLElement,
    private readonly target: GestureTarget,
  ) {
    const { signal } = this.listening
    root.addEventListener('pointerdown', this.down, { signal })
    root.addEventListener('pointermove', this.move, { signal })
    root.addEventListener('pointerup', this.up, { signal })
    root.addEventListener('pointercancel', this.cancel, { signal })
    root.addEventListener('pointerleave', this.leave, { signal })
    root.addEventListener('wheel', this.wheel, { signal, passive: false })
    root.addEventListener('contextmenu', (event) => event.preventDefault(), { signal })
  }

  destroy(): void {
    this.listening.abort()
  }

  private point(event: MouseEvent): Point {
    const rect = this.root.getBoundingClientRect()
    return [event.clientX - rect.left, event.clientY - rect.top]
  }

  private actionOf(event: PointerEvent, at: Point): Action {
    if (event.button === 2) return 'window'
    if (event.button === 1) return 'pan'
    if (event.button !== 0) return 'none'
    if (this.target.grab(at)) return 'edit'
    if (this.tool === 'magnifier') return 'pan'
    return this.tool
  }

  private readonly down = (event: PointerEvent): void => {
    const at = this.point(event)
    this.pointers.set(event.pointerId, at)
    capture(this.root, event.pointerId)
    if (this.pointers.size === 2) {
      this.giveUp()
      return
    }
    if (this.drag) return
    if (event.button === 1) event.preventDefault()
    const action = this.actionOf(event, at)
    this.drag = { action, pointer: event.pointerId, start: at, last: at, moved: false }
    this.root.toggleAttribute('data-drag', true)
    this.keyWindow = windowOf(this.root)
    this.keyWindow.addEventListener('keydown', this.key, { signal: this.listening.signal, capture: true })
  }

  private readonly move = (event: PointerEvent): void => {
    const at = this.point(event)
    const before = this.pointers.get(event.pointerId)
    if (before && this.pointers.size >= 2) this.pinch(event.pointerId, before, at)
    if (before) this.pointers.set(event.pointerId, at)
    this.target.hover(at)
    if (this.drag?.pointer === event.pointerId) this.dragTo(this.drag, at)
  }

  private dragTo(drag: Drag, at: Point): void {
    if (!drag.moved && Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) < CLICK_PX) return
    const dx = at[0] - drag.last[0]
    const dy = at[1] - drag.last[1]
    drag.moved = true
    drag.last = at
    if (drag.action === 'pan') this.target.panBy(dx, dy)
    else if (drag.action === 'window') this.target.windowBy(dx, dy)
    else if (drag.action === 'edit') this.target.edit(way(drag.start, at), 'move')
    else if (drag.action !== 'none') this.target.shape(drag.action, drag.start, at, 'move')
  }

  /** Two fingers: the point between them stays between them. */
  private pinch(id: number, before: Point, after: Point): void {
    const other = [...this.pointers].find(([key]) => key !== id)?.[1]
    if (!other) return
    const distance = (p: Point): number => Math.max(1, Math.hypot(p[0] - other[0], p[1] - other[1]))
    this.target.panBy((after[0] - before[0]) / 2, (after[1] - before[1]) / 2)
    this.target.zoomBy(
      [(after[0] + other[0]) / 2, (after[1] + other[1]) / 2],
      distance(after) / distance(before),
    )
  }

  private readonly up = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId)
    const drag = this.drag
    if (drag?.pointer !== event.pointerId) return
    this.endDrag()
    const at = this.point(event)
    if (!drag.moved) {
      if (event.button === 0) this.clickAt(at, event.timeStamp)
    } else if (drag.action === 'edit') this.target.edit(way(drag.start, at), 'end')
    else if (isShape(drag.action)) this.target.shape(drag.action, drag.start, at, 'end')
  }

  private clickAt(at: Point, time: number): void {
    const last = this.lastClick
    const isSecond =
      last !== null &&
      time - last.at < DOUBLE_CLICK_MS &&
      Math.hypot(at[0] - last.point[0], at[1] - last.point[1]) < 2 * CLICK_PX
    this.lastClick = isSecond ? null : { at: time, point: at }
    if (isSecond) this.target.doubleClick()
    else this.target.click(at)
  }

  private readonly cancel = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId)
    this.giveUp()
  }

  private readonly leave = (): void => {
    if (!this.drag) this.target.hover(null)
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.drag) return
    event.stopPropagation()
    this.giveUp()
  }

  /** The window under the pointers is another one now: whatever they held is let go. */
  letGo(): void {
    this.giveUp()
    this.pointers.clear()
  }

  private giveUp(): void {
    const drag = this.drag
    this.endDrag()
    if (drag?.moved && drag.action === 'edit') this.target.edit([0, 0], 'cancel')
    else if (drag?.moved && isShape(drag.action)) {
      this.target.shape(drag.action, drag.start, drag.last, 'cancel')
    }
  }

  private endDrag(): void {
    this.drag = null
    this.keyWindow?.removeEventListener('keydown', this.key, { capture: true })
    this.root.removeAttribute('data-drag')
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? this.root.clientHeight : 1
    if (event.shiftKey) {
      this.target.panBy(-(event.deltaX || event.deltaY) * unit, 0)
      return
    }
    // A trackpad pinch arrives as small steps with ctrl held.
    const step = Math.min(240, Math.max(-240, event.deltaY * unit)) * (event.ctrlKey ? 0.01 : 0.0016)
    this.target.zoomBy(this.point(event), Math.exp(-step))
  }
}

function way(from: Point, to: Point): Point {
  return [to[0] - from[0], to[1] - from[1]]
}

function isShape(action: Action): action is ShapeKind {
  return action === 'box' || action === 'ruler' || action === 'roi' || action === 'zoom'
}

/** A pointer that is already gone cannot be captured; the drag then ends at the edge. */
function capture(root: HTMLElement, pointerId: number): void {
  try {
    root.setPointerCapture(pointerId)
  } catch (error) {
    // By name: in another window it is an error of that window's class.
    if ((error as Error).name !== 'NotFoundError') throw error
  }
}
