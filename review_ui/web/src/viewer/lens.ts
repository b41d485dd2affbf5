/** The magnifier: a round enlarged part of the scan under the pointer. */
import type { Point } from './geometry'
import type { ScanPixels } from './pixels'
import type { DrawStyle } from './raster'
import { CpuPainter } from './renderer'
import { pixelRatio } from './screen'
import type { ViewState } from './types'

const DIAMETER_PX = 260
const ENLARGE = 3
const MIN_ZOOM = 1

export class Lens {
  readonly canvas = document.createElement('canvas')
  private readonly painter = new CpuPainter()

  constructor() {
    this.canvas.className = 'sxv-lens'
    this.canvas.style.width = `${DIAMETER_PX}px`
    this.canvas.style.height = `${DIAMETER_PX}px`
  }

  /** Move to a screen point, or hide. */
  show(at: Point | null): void {
    this.canvas.style.display = at ? 'block' : 'none'
    if (!at) return
    const left = at[0] - DIAMETER_PX / 2
    const top = at[1] - DIAMETER_PX / 2
    this.canvas.style.transform = `translate(${left}px, ${top}px)`
  }

  draw(scan: ScanPixels, view: ViewState, center: Point, style: DrawStyle): void {
    const side = Math.round(DIAMETER_PX * pixelRatio(this.canvas))
    const zoom = Math.min(48, Math.max(MIN_ZOOM, view.zoom * ENLARGE))
    const size = { width: DIAMETER_PX, height: DIAMETER_PX }
    const pose = { ...view, zoom, center }
    this.painter.draw(this.canvas, scan, { pose, view: size, width: side, height: side, smooth: true }, style)
  }
}
