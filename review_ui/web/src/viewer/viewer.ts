/** The viewer: wires the store, the renderer, the overlay and the gestures together, one frame at a time. */

import { createRenderer } from './choose'
import { ColourTables } from './colour'
import { draftOf, type Phase } from './drafts'
import { editBox, type Grip, gripOnScan } from './editing'
import { Emitter } from './emitter'
import { clipBox, normaliseBox, type Point, screenToScan, wayToScan } from './geometry'
import { Gestures, type GestureTarget, type ShapeKind } from './gestures'
import { Lens } from './lens'
import { probeAt } from './measure'
import { OverlayLayer } from './overlay'
import { Overview } from './overview'
import type { ScanPixels } from './pixels'
import { browserPool } from './pool'
import type { DrawStyle, FrameSpec } from './raster'
import { CpuRenderer, type Renderer } from './renderer'
import { pixelRatio, SizeWatch, windowOf } from './screen'
import { ScanStore } from './store'
import type {
  Box,
  Overlay,
  Probe,
  ScanRef,
  Stage,
  Tool,
  ViewerEvents,
  ViewerOptions,
  ViewState,
} from './types'
import { ViewModel } from './view'

/** What a frame has to do again. */
interface Dirty {
  picture: boolean
  map: boolean
  overlay: boolean
  view: boolean
  probe: boolean
}

const ALL: Dirty = { picture: true, map: true, overlay: true, view: true, probe: true }
const NONE: Dirty = { picture: false, map: false, overlay: false, view: false, probe: false }

/** A frame slower than this halves the resolution while the view moves. */
const SLOW_FRAME_MS = 32
const SETTLE_MS = 160

export class ScanViewer {
  private readonly root = document.createElement('div')
  private readonly emitter = new Emitter()
  private readonly model = new ViewModel()
  private readonly pool = browserPool()
  private readonly store: ScanStore
  private renderer: Renderer
  private readonly overlay = new OverlayLayer()
  private readonly lens = new Lens()
  private readonly tables = new ColourTables()
  private readonly gestures: Gestures
  private readonly size: SizeWatch
  private map: Overview | null = null
  private scan: ScanPixels | null = null
  private painted: Stage | null = null
  private pointer: Point | null = null
  private dirty: Dirty = { ...NONE }
  private frameRequest = 0
  /** The window that was asked for a frame. */
  private frameWindow: Window = window
  private settleTimer = 0
  private isMoving = false
  private pictureMs = 0
  private smooth: boolean
  private isDestroyed = false
  /** The overlay that the pointer moves, as it was. */
  private held: { id: string; box: Box; grip: Grip } | null = null

  constructor(host: HTMLElement, options: ViewerOptions = {}) {
    this.smooth = options.smooth ?? false
    this.renderer = createRenderer(options.renderer ?? 'auto', () => this.contextLost())
    this.renderer.canvas.className = 'sxv-picture'
    this.root.className = 'sxv'
    this.root.dataset.tool = 'pan'
    this.root.append(this.renderer.canvas, this.overlay.canvas, this.overlay.svg, this.lens.canvas)
    host.append(this.root)
    this.store = new ScanStore(
      this.pool,
      {
        changed: (scan) => this.pixelsChanged(scan),
        progress: (progress) => this.emitter.emit('progress', progress),
        error: (error) => this.emitter.emit('error', error),
      },
      document.baseURI,
    )
    this.gestures = new Gestures(this.root, this.gestureTarget())
    this.size = new SizeWatch(this.root, () => this.resized())
    this.resized()
  }

  get rendererName(): 'cpu' | 'webgl2' {
    return this.renderer.name
  }

  on<K extends keyof ViewerEvents>(event: K, listener: ViewerEvents[K]): () => void {
    return this.emitter.on(event, listener)
  }

  /** Show a scan, on the next frame if it was prefetched; the scan shown before stops loading. */
  show(scan: ScanRef): void {
    const isOther = this.scan?.ref.key !== scan.key
    this.scan = this.store.show(scan)
    this.painted = null
    if (isOther) {
      this.overlay.setDraft(null)
      this.model.open(scan.key, this.scan.size)
    }
    this.forgetDropped()
    this.prepareMode(this.scan)
    this.invalidate(ALL)
  }

  prefetch(scan: ScanRef): void {
    this.store.prefetch(scan)
    this.forgetDropped()
  }

  /** Free a scan's memory and stop loading it. */
  release(key: string): void {
    this.store.release(key)
    this.renderer.forget(key)
    this.model.forget(key)
    if (this.scan?.ref.key === key) this.clear()
  }

  /** Show nothing; scans in memory stay there. */
  clear(): void {
    this.model.leave()
    this.store.hide()
    this.scan = null
    this.overlay.setDraft(null)
    this.invalidate(ALL)
  }

  setView(patch: Partial<ViewState>): void {
    this.model.patch(patch)
    if (patch.mode !== undefined || patch.channel !== undefined) this.prepareAll()
    const isPlaceOnly = Object.keys(patch).every((name) => name === 'zoom' || name === 'center')
    this.invalidate({ ...ALL, map: !isPlaceOnly })
  }

  getView(): ViewState {
    return this.model.state
  }

  fit(): void {
    this.model.fit()
    this.moved()
  }

  fitWidth(): void {
    this.model.fit('width')
    this.moved()
  }

  /** One scan pixel on one pixel of the device. */
  actualSize(): void {
    const { width, height } = this.model.viewSize
    this.model.zoomAt([width / 2, height / 2], 1 / pixelRatio(this.root))
    this.moved()
  }

  /** Everything as at first, but the colour mode and the channel. */
  reset(): void {
    this.model.reset()
    this.overlay.setDraft(null)
    this.invalidate(ALL)
  }

  setTool(tool: Tool): void {
    this.gestures.tool = tool
    this.root.dataset.tool = tool
    this.overlay.setDraft(null)
    this.invalidate({ ...NONE, overlay: true })
  }

  /** Interpolate beyond 1:1 instead of showing single pixels. */
  setSmooth(smooth: boolean): void {
    this.smooth = smooth
    this.invalidate({ ...NONE, picture: true })
  }

  setOverlays(overlays: Overlay[]): void {
    this.overlay.setOverlays(overlays)
    this.invalidate({ ...NONE, overlay: true })
  }

  focusBox(box: Box): void {
    this.model.focus(box)
    this.moved()
  }

  /** Fill the view with the part of the scan that a box covers. */
  private fill(box: Box): void {
    const part = this.scan && clipBox(box, this.scan.size)
    if (!part) return
    this.model.fill(part)
    this.moved()
  }

  /** What lies in the middle of the view. */
  probeMiddle(): Probe | null {
    return this.scan && probeAt(this.scan, this.model.state.center)
  }

  /** 256 equal ranges of the shown channel; null until there are pixels. */
  histogram(): { bins: Uint32Array } | null {
    const bins = this.scan?.histogram(this.style().channel)
    return bins ? { bins } : null
  }

  overview(canvas: HTMLCanvasElement): void {
    this.map?.destroy()
    this.map = new Overview(canvas, {
      moveTo: (center) => {
        this.model.patch({ center })
        this.moved()
      },
      resized: () => this.invalidate({ ...NONE, map: true }),
    })
    this.invalidate({ ...NONE, map: true })
  }

  /** The host was put in another window, which draws its own frames on its own pixels. */
  rehosted(): void {
    this.frameWindow.cancelAnimationFrame(this.frameRequest)
    this.frameRequest = 0
    this.gestures.letGo()
    this.size.begin()
    this.map?.rehosted()
    this.resized()
  }

  destroy(): void {
    this.isDestroyed = true
    this.frameWindow.cancelAnimationFrame(this.frameRequest)
    clearTimeout(this.settleTimer)
    this.size.stop()
    this.gestures.destroy()
    this.map?.destroy()
    this.store.close()
    this.pool.close()
    this.renderer.destroy()
    this.emitter.clear()
    this.root.remove()
  }

  /** The graphics driver gave up: go on with the CPU. */
  private contextLost(): void {
    if (this.isDestroyed) return
    const lost = this.renderer
    this.renderer = new CpuRenderer()
    this.renderer.canvas.className = 'sxv-picture'
    lost.canvas.replaceWith(this.renderer.canvas)
    this.invalidate({ ...NONE, picture: true })
  }

  private pixelsChanged(scan: ScanPixels): void {
    this.prepareMode(scan)
    if (scan === this.scan) this.invalidate({ ...NONE, picture: true, map: true, probe: true })
  }

  private prepareAll(): void {
    for (const key of this.store.keys) {
      const scan = this.store.get(key)
      if (scan) this.prepareMode(scan)
    }
  }

  /** Have made what the colour mode needs beyond the pixels. */
  private prepareMode(scan: ScanPixels): void {
    const { mode, channel } = this.model.state
    if (mode !== 'clahe' || !scan.stage) return
    void this.store.equalise(scan.ref.key, channel === 'low' && scan.nChannels > 1 ? 1 : 0)
  }

  private readonly known = new Set<string>()

  private forgetDropped(): void {
    const kept = new Set(this.store.keys)
    for (const key of this.known) if (!kept.has(key)) this.renderer.forget(key)
    this.known.clear()
    for (const key of kept) this.known.add(key)
  }

  private resized(): void {
    this.model.resize({
      width: Math.max(1, this.root.clientWidth),
      height: Math.max(1, this.root.clientHeight),
    })
    this.invalidate(ALL)
  }

  /** The view moved: draw it, coarser if this machine is slow, and again finely once it rests. */
  private moved({ coloursToo = false } = {}): void {
    this.isMoving = true
    clearTimeout(this.settleTimer)
    this.settleTimer = window.setTimeout(() => {
      this.isMoving = false
      if (this.coarseness() !== this.drawnCoarseness) this.invalidate({ ...NONE, picture: true })
    }, SETTLE_MS)
    this.invalidate({ ...ALL, map: coloursToo })
  }

  private drawnCoarseness = 1

  private coarseness(): number {
    return this.isMoving && this.pictureMs > SLOW_FRAME_MS ? 2 : 1
  }

  private invalidate(what: Dirty): void {
    for (const part of Object.keys(what) as (keyof Dirty)[]) this.dirty[part] ||= what[part]
    if (this.frameRequest !== 0) return
    this.frameWindow = windowOf(this.root)
    this.frameRequest = this.frameWindow.requestAnimationFrame(this.frame)
  }

  private readonly frame = (): void => {
    this.frameRequest = 0
    const dirty = this.dirty
    this.dirty = { ...NONE }
    if (dirty.picture) this.drawPicture()
    if (dirty.overlay) this.drawOverlay()
    if (dirty.picture || dirty.map) this.drawMap(dirty.map)
    if (dirty.picture || dirty.probe) this.drawLens()
    if (dirty.probe) this.emitter.emit('probe', this.probe())
    if (dirty.view) this.emitter.emit('view', this.model.state)
    if (dirty.picture) this.announcePainted()
  }

  private style(): DrawStyle {
    const view = this.model.state
    const nChannels = this.scan?.nChannels ?? 1
    return {
      colours: this.tables.for(view, nChannels > 1),
      channel: view.channel === 'low' && nChannels > 1 ? 1 : 0,
      equalised: view.mode === 'clahe' && !view.highlight,
      sharpen: view.sharpen,
    }
  }

  private spec(coarseness: number): FrameSpec {
    const view = this.model.viewSize
    const ratio = pixelRatio(this.root) / coarseness
    return {
      pose: this.model.state,
      view,
      width: Math.max(1, Math.round(view.width * ratio)),
      height: Math.max(1, Math.round(view.height * ratio)),
      smooth: this.smooth,
    }
  }

  private drawPicture(): void {
    const coarseness = this.coarseness()
    const begun = performance.now()
    this.renderer.draw(this.scan, this.spec(coarseness), this.style())
    if (coarseness === 1) this.pictureMs = 0.7 * this.pictureMs + 0.3 * (performance.now() - begun)
    this.drawnCoarseness = coarseness
  }

  private drawOverlay(): void {
    this.overlay.setShown(this.scan !== null)
    if (!this.scan) return
    this.overlay.update(this.model.state, this.model.viewSize, this.scan.ref.pixel_pitch_mm)
  }

  private drawMap(pictureToo: boolean): void {
    if (!this.map) return
    const view = this.model.state
    if (pictureToo) this.map.drawPicture(this.scan, view, this.style())
    const { width, height } = this.model.viewSize
    const shown = normaliseBox(this.toScan([0, 0]), this.toScan([width, height]))
    this.map.drawRectangle(this.scan ? shown : null)
  }

  private drawLens(): void {
    const isShown = this.gestures.tool === 'magnifier' && this.pointer !== null && this.scan !== null
    this.lens.show(isShown ? this.pointer : null)
    if (isShown) this.lens.draw(this.scan!, this.model.state, this.toScan(this.pointer!), this.style())
  }

  private announcePainted(): void {
    const stage = this.scan?.stage ?? null
    if (!this.scan || !stage || stage === this.painted) return
    this.painted = stage
    this.emitter.emit('painted', { key: this.scan.ref.key, stage })
  }

  private toScan(at: Point): Point {
    return screenToScan(this.model.state, this.model.viewSize, at)
  }

  private probe(): Probe | null {
    return this.scan && this.pointer ? probeAt(this.scan, this.toScan(this.pointer)) : null
  }

  private gestureTarget(): GestureTarget {
    return {
      panBy: (dx, dy) => {
        this.model.panBy(dx, dy)
        this.moved()
      },
      windowBy: (dx, dy) => {
        this.model.windowBy(dx, dy)
        this.moved({ coloursToo: true })
      },
      zoomBy: (at, factor) => {
        this.model.zoomAt(at, this.model.state.zoom * factor)
        this.moved()
      },
      hover: (at) => this.hover(at),
      shape: (kind, from, to, phase) => this.drawShape(kind, from, to, phase),
      grab: (at) => this.grab(at),
      edit: (by, phase) => this.edit(by, phase),
      click: (at) => this.click(at),
      doubleClick: () => this.fit(),
    }
  }

  private grab(at: Point): boolean {
    this.held = this.canClickOverlays() ? this.overlay.gripAt(at) : null
    return this.held !== null
  }

  private edit(by: Point, phase: Phase): void {
    if (!this.held || !this.scan) return
    const view = this.model.state
    const grip = gripOnScan(this.held.grip, view)
    const box = editBox(this.held.box, grip, wayToScan(view, by), this.scan.size)
    this.overlay.moveBox(this.held.id, box)
    this.invalidate({ ...NONE, overlay: true })
    if (phase === 'end') this.emitter.emit('boxedited', { id: this.held.id, box })
  }

  private hover(at: Point | null): void {
    this.pointer = at
    const isOver = at !== null && this.canClickOverlays() && this.overlay.hit(at) !== null
    this.root.toggleAttribute('data-over', isOver)
    const grip = at !== null && this.canClickOverlays() ? this.overlay.gripAt(at)?.grip : undefined
    this.root.dataset.grip = grip ? gripName(grip) : ''
    this.invalidate({ ...NONE, probe: true })
  }

  private canClickOverlays(): boolean {
    return this.gestures.tool === 'pan' || this.gestures.tool === 'window'
  }

  private click(at: Point): void {
    if (this.overlay.hasDraft) {
      this.overlay.setDraft(null)
      this.invalidate({ ...NONE, overlay: true })
    }
    const id = this.overlay.hit(at)
    if (id !== null) this.emitter.emit('overlayclick', id)
  }

  private drawShape(kind: ShapeKind, a: Point, b: Point, phase: Phase): void {
    if (!this.scan) return
    const shape = { kind, from: this.toScan(a), to: this.toScan(b), phase }
    this.overlay.setDraft(draftOf(this.scan, shape, this.emitter))
    if (kind === 'zoom' && phase === 'end') this.fill(normaliseBox(shape.from, shape.to))
    this.invalidate({ ...NONE, overlay: true })
  }
}

/** Names the pointer for what it holds; viewer.css has the cursors. */
function gripName({ left, top, right, bottom }: Grip): string {
  if (left && right) return 'body'
  if (left || right) return !top && !bottom ? 'x' : left === top ? 'diagonal' : 'antidiagonal'
  return 'y'
}
