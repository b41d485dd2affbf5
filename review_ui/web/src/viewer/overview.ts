/** The whole scan in a small canvas, with the view's rectangle; a click or drag there moves the view. */
import { boxToScreen, fitZoom, type Point, type Pose, type Size, screenToScan, turnedSize } from './geometry'
import type { ScanPixels } from './pixels'
import type { DrawStyle } from './raster'
import { CpuPainter } from './renderer'
import { pixelRatio, SizeWatch } from './screen'
import type { Box } from './types'

export interface OverviewTarget {
  moveTo: (center: Point) => void
  resized: () => void
}

export class Overview {
  private readonly painter = new CpuPainter()
  private readonly picture = document.createElement('canvas')
  private readonly listening = new AbortController()
  private readonly watch: SizeWatch
  private pose: Pose | null = null
  private isDragging = false
  /** Read only when it changes: to read it in a frame would make the browser lay out the page. */
  private size: Size

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly target: OverviewTarget,
  ) {
    canvas.classList.add('sxv-map')
    const { signal } = this.listening
    canvas.addEventListener('pointerdown', this.down, { signal })
    canvas.addEventListener('pointermove', this.move, { signal })
    for (const end of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(end, () => (this.isDragging = false), { signal })
    }
    this.size = sizeOf(canvas)
    this.watch = new SizeWatch(canvas, () => {
      this.size = sizeOf(canvas)
      target.resized()
    })
  }

  /** Draw the scan; `view` only matters for how it is flipped and turned. */
  drawPicture(scan: ScanPixels | null, view: Pose, style: DrawStyle): void {
    const size = this.size
    if (size.width === 0 || size.height === 0) return
    const ratio = pixelRatio(this.canvas)
    const width = Math.round(size.width * ratio)
    const height = Math.round(size.height * ratio)
    this.pose = scan && {
      ...view,
      zoom: fitZoom(turnedSize(scan.size, view.turns), size),
      center: [scan.size.width / 2, scan.size.height / 2],
    }
    const spec = { pose: this.pose ?? view, view: size, width, height, smooth: true }
    this.painter.draw(this.picture, scan, spec, { ...style, sharpen: 0 })
  }

  /** Draw the picture made last with the rectangle of what the view shows, a box in scan pixels. */
  drawRectangle(shown: Box | null): void {
    const context = this.canvas.getContext('2d')
    if (!context || this.picture.width === 0) return
    const { width, height } = this.picture
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width
      this.canvas.height = height
    }
    context.clearRect(0, 0, width, height)
    context.drawImage(this.picture, 0, 0)
    if (!shown || !this.pose) return
    const ratio = width / this.size.width
    const [x0, y0, x1, y1] = boxToScreen(this.pose, this.size, shown).map((v) => Math.round(v * ratio))
    shadeOutside(context, [x0, y0, x1, y1], width, height)
    context.strokeStyle = '#2f81f7'
    context.lineWidth = Math.max(1, Math.round(1.5 * ratio))
    const inset = context.lineWidth / 2
    context.strokeRect(
      Math.max(0, x0) + inset,
      Math.max(0, y0) + inset,
      Math.min(width, x1) - Math.max(0, x0) - 2 * inset,
      Math.min(height, y1) - Math.max(0, y0) - 2 * inset,
    )
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    this.isDragging = true
    this.canvas.setPointerCapture(event.pointerId)
    this.moveTo(event)
  }

  private readonly move = (event: PointerEvent): void => {
    if (this.isDragging) this.moveTo(event)
  }

  private moveTo(event: PointerEvent): void {
    if (!this.pose) return
    const rect = this.canvas.getBoundingClientRect()
    this.target.moveTo(
      screenToScan(this.pose, this.size, [event.clientX - rect.left, event.clientY - rect.top]),
    )
  }

  rehosted(): void {
    this.watch.begin()
  }

  destroy(): void {
    this.listening.abort()
    this.watch.stop()
    this.canvas.classList.remove('sxv-map')
  }
}

function sizeOf(canvas: HTMLCanvasElement): Size {
  return { width: canvas.clientWidth, height: canvas.clientHeight }
}

function shadeOutside(context: CanvasRenderingContext2D, box: Box, width: number, height: number): void {
  context.fillStyle = 'rgb(5 10 20 / 0.45)'
  context.beginPath()
  context.rect(0, 0, width, height)
  context.rect(box[0], box[1], box[2] - box[0], box[3] - box[1])
  context.fill('evenodd')
}
