/** What a renderer does, and the one that always works. */
import type { ScanPixels } from './pixels'
import { type DrawStyle, drawFrame, type FrameSpec } from './raster'
import { SharpenCache } from './sharpen'

export interface Renderer {
  readonly name: 'cpu' | 'webgl2'
  readonly canvas: HTMLCanvasElement
  /** Draw a frame; without a scan the canvas is cleared. */
  draw(scan: ScanPixels | null, spec: FrameSpec, style: DrawStyle): void
  /** Drop what is held for a scan. */
  forget(key: string): void
  destroy(): void
}

/** Draws into a canvas of any kind through one reused buffer. */
export class CpuPainter {
  private image: ImageData | null = null
  private words = new Uint32Array(0)
  private readonly sharpened = new SharpenCache()

  draw(
    canvas: HTMLCanvasElement | OffscreenCanvas,
    scan: ScanPixels | null,
    spec: FrameSpec,
    style: DrawStyle,
  ): void {
    const { width, height } = spec
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    const context = canvas.getContext('2d') as CanvasRenderingContext2D | null
    if (!context) return
    if (!scan) {
      this.sharpened.clear()
      context.clearRect(0, 0, width, height)
      return
    }
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height)
      this.words = new Uint32Array(this.image.data.buffer)
    }
    if (style.sharpen === 0) this.sharpened.clear()
    drawFrame(this.words, scan, spec, style, this.sharpened)
    context.putImageData(this.image, 0, 0)
  }
}

export class CpuRenderer implements Renderer {
  readonly name = 'cpu'
  readonly canvas = document.createElement('canvas')
  private readonly painter = new CpuPainter()

  draw(scan: ScanPixels | null, spec: FrameSpec, style: DrawStyle): void {
    this.painter.draw(this.canvas, scan, spec, style)
  }

  forget(): void {}

  destroy(): void {
    this.canvas.width = 0
  }
}
