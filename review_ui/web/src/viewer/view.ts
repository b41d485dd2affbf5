/** The view's state and the rules for changing it. No DOM. */
import {
  clampCenter,
  clampZoom,
  fitWidthZoom,
  fitZoom,
  focusZoom,
  type Point,
  type Size,
  turnedSize,
  wayToScan,
  zoomAbout,
} from './geometry'
import { FULL_RANGE } from './presets'
import type { Box, ViewState } from './types'

const GAMMA_RANGE = [0.3, 3] as const

export const DEFAULT_VIEW: ViewState = {
  zoom: 1,
  center: [0, 0],
  window: FULL_RANGE.window,
  level: FULL_RANGE.level,
  mode: 'grey',
  inverted: false,
  channel: 'high',
  flippedX: false,
  flippedY: false,
  turns: 0,
  gamma: 1,
  logarithmic: false,
  sharpen: 0,
  highlight: null,
}

/** What keeps holding when the view is resized: all of the scan, its width, or neither. */
export type Fitted = 'fit' | 'width' | null

interface Place {
  zoom: number
  center: Point
  fitted: Fitted
}

const MAX_PLACES = 8

export class ViewModel {
  private current: ViewState = { ...DEFAULT_VIEW }
  private fitted: Fitted = 'fit'
  private scan: Size = { width: 1, height: 1 }
  private view: Size = { width: 1, height: 1 }
  /** Window and level to return to when the equalised mode, which has its own, is left. */
  private beforeEqualised: { window: number; level: number } | null = null
  private readonly places = new Map<string, Place>()
  private key: string | null = null

  get state(): ViewState {
    return { ...this.current, center: [...this.current.center] }
  }

  get viewSize(): Size {
    return this.view
  }

  /** Take another scan: where it was left if it was seen lately, else all of it. */
  open(key: string, scan: Size): void {
    this.leave()
    this.key = key
    this.scan = scan
    const place = this.places.get(key)
    if (!place || place.fitted) this.fit(place?.fitted ?? 'fit')
    else {
      this.fitted = null
      this.place(place.zoom, place.center)
    }
  }

  /** Remember where the scan is left. */
  leave(): void {
    if (!this.key) return
    this.places.delete(this.key)
    this.places.set(this.key, {
      zoom: this.current.zoom,
      center: [...this.current.center],
      fitted: this.fitted,
    })
    for (const key of this.places.keys()) if (this.places.size > MAX_PLACES) this.places.delete(key)
    this.key = null
  }

  forget(key: string): void {
    this.places.delete(key)
  }

  resize(view: Size): void {
    this.view = view
    if (this.fitted) this.fit(this.fitted)
    else this.place(this.current.zoom, this.current.center)
  }

  patch(patch: Partial<ViewState>): void {
    const next = { ...this.current, ...patch }
    if (patch.mode !== undefined) Object.assign(next, this.windowForMode(patch), windowOf(patch))
    next.window = Math.min(131072, Math.max(16, next.window))
    next.level = Math.min(65535, Math.max(0, next.level))
    next.sharpen = Math.min(1, Math.max(0, next.sharpen))
    next.gamma = Math.min(GAMMA_RANGE[1], Math.max(GAMMA_RANGE[0], next.gamma))
    this.current = next
    if (patch.turns !== undefined) this.resize(this.view)
    if (patch.zoom !== undefined || patch.center !== undefined) {
      this.fitted = null
      this.place(next.zoom, next.center)
    }
  }

  private windowForMode(patch: Partial<ViewState>): { window?: number; level?: number } {
    const was = this.current.mode === 'clahe'
    const is = patch.mode === 'clahe'
    if (was === is) return {}
    if (is) {
      this.beforeEqualised = { window: this.current.window, level: this.current.level }
      return { window: FULL_RANGE.window, level: FULL_RANGE.level }
    }
    return this.beforeEqualised ?? {}
  }

  private place(zoom: number, center: Point): void {
    this.current.zoom = clampZoom(zoom, this.seen, this.view)
    this.current.center = clampCenter(center, this.scan)
  }

  fit(how: 'fit' | 'width' = 'fit'): void {
    const zoom = (how === 'fit' ? fitZoom : fitWidthZoom)(this.seen, this.view)
    this.place(zoom, [this.scan.width / 2, this.scan.height / 2])
    this.fitted = how
  }

  reset(): void {
    this.current = { ...DEFAULT_VIEW, mode: this.current.mode, channel: this.current.channel }
    this.beforeEqualised = null
    this.fit()
  }

  zoomAt(at: Point, zoom: number): void {
    const next = clampZoom(zoom, this.seen, this.view)
    this.fitted = null
    this.place(next, zoomAbout(this.current, this.view, at, next))
  }

  panBy(dx: number, dy: number): void {
    const { zoom, center } = this.current
    const [x, y] = wayToScan(this.current, [dx, dy])
    this.fitted = null
    this.place(zoom, [center[0] - x, center[1] - y])
  }

  /** Right widens the window, down darkens; fine where the window is narrow. */
  windowBy(dx: number, dy: number): void {
    const { window, level } = this.current
    this.patch({ window: window * Math.exp(dx * 0.004), level: level + dy * window * 0.0025 })
  }

  /** Show a box with what is around it. */
  focus(box: Box): void {
    this.fitted = null
    this.place(focusZoom(this.seenSize(box), this.seen, this.view), middleOf(box))
  }

  /** Fill the view with a box. */
  fill(box: Box): void {
    this.fitted = null
    this.place(fitZoom(this.seenSize(box), this.view), middleOf(box))
  }

  private get seen(): Size {
    return turnedSize(this.scan, this.current.turns)
  }

  private seenSize([x0, y0, x1, y1]: Box): Size {
    return turnedSize({ width: x1 - x0, height: y1 - y0 }, this.current.turns)
  }
}

function middleOf([x0, y0, x1, y1]: Box): Point {
  return [(x0 + x1) / 2, (y0 + y1) / 2]
}

function windowOf({ window, level }: Partial<ViewState>): { window?: number; level?: number } {
  return { ...(window !== undefined && { window }), ...(level !== undefined && { level }) }
}
