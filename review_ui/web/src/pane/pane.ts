/** One viewer and what the page knows about it. The reviewer's workstation and the read-only case view each have one. */

import { createStore, type StoreApi } from 'zustand/vanilla'
import { focusElement } from '../shell/windows'
import {
  type Box,
  type ColourMode,
  clipBox,
  FULL_RANGE,
  type Measurement,
  type Overlay,
  PRESETS,
  type Probe,
  type ScanRef,
  ScanViewer,
  type Stage,
  scaleBox,
  scanSize,
  shiftBox,
  type Tool,
  type Turns,
  type ViewerOptions,
  type ViewState,
  wayToScan,
} from '../viewer'
import { densityRange } from './densityRange'

export const MODES: readonly ColourMode[] = [
  'grey',
  'material',
  'pseudo',
  'organic',
  'inorganic',
  'high_penetration',
  'low_penetration',
  'clahe',
]
/** These need both energies. */
export const DUAL_MODES: ReadonlySet<ColourMode> = new Set(['material', 'organic', 'inorganic'])

export const ZOOM_STEP = 1.25
/** An arrow key moves by this part of the view. */
const PAN_STEP = 0.12
const NUDGE_PX = 6
/** Gamma goes in steps of an equal factor, to a third and to three. */
const GAMMA_STEP = 1.1
export const MOST_GAMMA_STEPS = 11

export function gammaSteps(gamma: number): number {
  return Math.round(Math.log(gamma) / Math.log(GAMMA_STEP))
}

/** How each case begins, so that a mirror or a narrow window of the last one hides nothing. Mode and sharpening stay. */
const PLAIN_LOOK: Partial<ViewState> = {
  window: FULL_RANGE.window,
  level: FULL_RANGE.level,
  inverted: false,
  channel: 'high',
  flippedX: false,
  flippedY: false,
  turns: 0,
  gamma: 1,
  logarithmic: false,
  highlight: null,
}

/** What the digits stand for; a pane without a scan has those of cargo. */
export const presetsOf = (scan: ScanRef | null) => PRESETS[scan?.modality ?? 'cargo']

export interface LoadState {
  stage: Stage
  ratio: number
}

export interface ViewerError {
  key: string
  status: number | null
  message: string
}

export interface PaneState {
  scan: ScanRef | null
  view: ViewState | null
  tool: Tool
  /** By key of the scan; gone when it is released. */
  loads: Record<string, LoadState>
  /** Counts full paints, so that the histogram and the overview are drawn again. */
  paints: number
  measurement: Measurement | null
  error: ViewerError | null
  selected: string | null
  showsFindings: boolean
  threshold: number
  /** Kinds whose findings are hidden; every case begins with none. */
  hiddenKinds: readonly string[]
}

export interface PaneListeners {
  painted?: (key: string, stage: Stage) => void
  boxDrawn?: (box: Box) => void
  boxEdited?: (id: string, box: Box) => void
}

export class Pane {
  readonly store: StoreApi<PaneState>
  readonly probe: StoreApi<{ probe: Probe | null }>
  viewer: ScanViewer | null = null
  listeners: PaneListeners = {}
  #host: HTMLElement | null = null
  #overview: HTMLCanvasElement | null = null
  #overlays: Overlay[] = []
  readonly #options: ViewerOptions
  /** What the reviewer likes to look at; kept when a single-energy scan cannot be shown that way. */
  #mode: ColourMode = 'material'

  constructor(initial: Partial<PaneState> = {}, options: ViewerOptions = {}) {
    this.#options = options
    this.probe = createStore(() => ({ probe: null as Probe | null }))
    this.store = createStore<PaneState>(() => ({
      scan: null,
      view: null,
      tool: 'pan',
      loads: {},
      paints: 0,
      measurement: null,
      error: null,
      selected: null,
      showsFindings: true,
      threshold: 0,
      hiddenKinds: [],
      ...initial,
    }))
  }

  /** Makes the viewer inside `host`. Returns the way to take it down again. */
  attach(host: HTMLElement): () => void {
    const viewer = new ScanViewer(host, this.#options)
    this.viewer = viewer
    this.#host = host
    this.#listen(viewer)
    viewer.setTool(this.store.getState().tool)
    if (this.#overview) viewer.overview(this.#overview)
    viewer.setOverlays(this.#overlays)
    const { scan } = this.store.getState()
    if (scan) this.show(scan)
    return () => {
      this.viewer = null
      this.#host = null
      viewer.destroy()
      this.store.setState({ view: null, loads: {} })
    }
  }

  #listen(viewer: ScanViewer): void {
    const set = (patch: Partial<PaneState>) => this.store.setState(patch)
    viewer.on('view', (view) => set({ view: this.store.getState().scan ? view : null }))
    viewer.on('probe', (probe) => this.probe.setState({ probe }))
    viewer.on('measured', (measurement) => set({ measurement }))
    viewer.on('overlayclick', (id) => set({ selected: id }))
    viewer.on('error', (error) => set({ error }))
    viewer.on('boxdrawn', (box) => this.listeners.boxDrawn?.(box))
    viewer.on('boxedited', ({ id, box }) => this.listeners.boxEdited?.(id, box))
    viewer.on('progress', ({ key, stage, loaded, total }) =>
      this.#load(key, stage, total > 0 ? loaded / total : 0),
    )
    viewer.on('painted', ({ key, stage }) => {
      this.listeners.painted?.(key, stage)
      const { scan, paints, error } = this.store.getState()
      if (scan?.key === key) set({ paints: paints + 1, error: error?.key === key ? null : error })
    })
  }

  #load(key: string, stage: Stage, ratio: number): void {
    const { loads } = this.store.getState()
    const before = loads[key]
    // A strip more is worth a new figure only when the percentage changes.
    if (before?.stage === stage && Math.floor(before.ratio * 50) === Math.floor(ratio * 50)) return
    this.store.setState({ loads: { ...loads, [key]: { stage, ratio } } })
  }

  // -- what is shown (the seat's ScanPort) --------------------------------------------------------------

  show(scan: ScanRef): void {
    if (this.store.getState().scan?.key !== scan.key) this.viewer?.setView(PLAIN_LOOK)
    this.viewer?.show(scan)
    this.#applyMode((scan.levels[0]?.n_channels ?? 0) > 1)
    const tool = this.store.getState().tool
    this.store.setState({ scan, measurement: null, error: null, selected: null, hiddenKinds: [] })
    if (tool === 'box' || tool === 'ruler' || tool === 'roi' || tool === 'zoom') this.setTool('pan')
  }

  prefetch(scan: ScanRef): void {
    this.viewer?.prefetch(scan)
  }

  release(key: string): void {
    this.viewer?.release(key)
    const { [key]: _gone, ...loads } = this.store.getState().loads
    this.store.setState({ loads })
  }

  #applyMode(isDual: boolean): void {
    const mode = isDual || !DUAL_MODES.has(this.#mode) ? this.#mode : 'grey'
    if (this.viewer && this.viewer.getView().mode !== mode) this.viewer.setView({ mode })
  }

  clear(): void {
    this.viewer?.clear()
    this.store.setState({ scan: null, view: null, measurement: null, error: null, selected: null })
    this.probe.setState({ probe: null })
  }

  retry(): void {
    const { scan } = this.store.getState()
    if (scan) {
      this.viewer?.release(scan.key)
      this.show(scan)
    }
  }

  // -- what the reviewer does with it -------------------------------------------------------------------

  get isDual(): boolean {
    return (this.store.getState().scan?.levels[0]?.n_channels ?? 0) > 1
  }

  setTool(tool: Tool): void {
    this.viewer?.setTool(tool)
    this.store.setState({ tool })
  }

  /** Chooses a tool; the same tool again goes back to panning. */
  toggleTool(tool: Tool): void {
    this.setTool(this.store.getState().tool === tool ? 'pan' : tool)
  }

  setMode(mode: ColourMode): void {
    if (DUAL_MODES.has(mode) && !this.isDual) return
    this.#mode = mode
    this.viewer?.setView({ mode })
  }

  /** Looks like another pane: how a scan is shown, not where it is looked at. */
  takeLook({ mode, ...look }: Omit<ViewState, 'zoom' | 'center'>): void {
    this.setMode(mode)
    this.change(() => look)
  }

  /** Applies window/level preset `n`, 1–9, of what is shown. */
  preset(n: number): void {
    const preset = presetsOf(this.store.getState().scan)[n - 1]
    if (preset) this.change(() => ({ window: preset.window, level: preset.level }))
  }

  change(patch: (view: ViewState) => Partial<ViewState>): void {
    const { view } = this.store.getState()
    if (view) this.viewer?.setView(patch(view))
  }

  zoomBy(factor: number): void {
    this.change(({ zoom }) => ({ zoom: zoom * factor }))
  }

  /** A box in the middle of the view, for who draws without a mouse. */
  middleBox(): Box | null {
    const { view, scan } = this.store.getState()
    const host = this.#host
    if (!view || !scan || !host) return null
    const side = Math.min(host.clientWidth, host.clientHeight) / 4 / view.zoom
    const [x, y] = view.center
    return clipBox([x - side / 2, y - side / 2, x + side / 2, y + side / 2], scanSize(scan))
  }

  /** Moves a box in steps of a few screen pixels, as seen on the screen, or grows it. */
  nudged(box: Box, by: { right?: number; down?: number; factor?: number }): Box {
    const { view, scan } = this.store.getState()
    if (!view || !scan) return box
    const { right = 0, down = 0, factor = 1 } = by
    const way = wayToScan(view, [right * NUDGE_PX, down * NUDGE_PX])
    return scaleBox(shiftBox(box, way, scanSize(scan)), factor, scanSize(scan))
  }

  /** Moves the view, in steps to the right and down as seen on the screen. */
  panBy(stepsRight: number, stepsDown: number): void {
    const host = this.#host
    if (!host) return
    this.change((view) => {
      const step: [number, number] = [stepsRight * host.clientWidth, stepsDown * host.clientHeight]
      const [dx, dy] = wayToScan(view, step)
      return { center: [view.center[0] + PAN_STEP * dx, view.center[1] + PAN_STEP * dy] }
    })
  }

  /** A quarter turn; clockwise is 1. */
  turn(by: 1 | -1): void {
    this.change(({ turns }) => ({ turns: ((turns + by + 4) % 4) as Turns }))
  }

  setGamma(steps: number): void {
    this.change(() => ({
      gamma: GAMMA_STEP ** Math.min(MOST_GAMMA_STEPS, Math.max(-MOST_GAMMA_STEPS, steps)),
    }))
  }

  changeGamma(by: 1 | -1): void {
    const { view } = this.store.getState()
    if (view) this.setGamma(gammaSteps(view.gamma) + by)
  }

  sharpenBy(step: number): void {
    this.change(({ sharpen }) => ({
      sharpen: Math.round(Math.min(1, Math.max(0, sharpen + step)) * 100) / 100,
    }))
  }

  /**
   * Highlights what is as dense as the measured region (its mean and two deviations), else as the pixel under
   * the pointer, else as the middle of the view; a second time ends it.
   */
  toggleDensity(): void {
    const { view, measurement } = this.store.getState()
    if (!view) return
    if (view.highlight) this.change(() => ({ highlight: null }))
    else {
      const roi = measurement && 'roi' in measurement ? measurement.roi : null
      const probe = this.probe.getState().probe ?? this.viewer?.probeMiddle() ?? null
      const highlight = densityRange(view.channel, roi, probe)
      if (highlight) this.change(() => ({ highlight }))
    }
  }

  toggleChannel(): void {
    if (this.isDual) this.change(({ channel }) => ({ channel: channel === 'high' ? 'low' : 'high' }))
  }

  select(id: string | null, box?: Box | null): void {
    this.store.setState({ selected: id })
    if (box) this.viewer?.focusBox(box)
  }

  setThreshold(threshold: number): void {
    this.store.setState({ threshold: Math.round(Math.min(1, Math.max(0, threshold)) * 100) / 100 })
  }

  toggleKind(kind: string): void {
    const { hiddenKinds } = this.store.getState()
    const isHidden = hiddenKinds.includes(kind)
    this.hideKinds(isHidden ? hiddenKinds.filter((other) => other !== kind) : [...hiddenKinds, kind])
  }

  hideKinds(hiddenKinds: readonly string[]): void {
    this.store.setState({ hiddenKinds })
  }

  toggleFindings(): void {
    this.store.setState({ showsFindings: !this.store.getState().showsFindings })
  }

  /** The canvas that shows the whole scan, and takes its own clicks. */
  setOverview(canvas: HTMLCanvasElement | null): void {
    this.#overview = canvas
    if (canvas) this.viewer?.overview(canvas)
  }

  setOverlays(overlays: Overlay[]): void {
    this.#overlays = overlays
    this.viewer?.setOverlays(overlays)
  }

  contains(node: EventTarget | null): boolean {
    return this.#host?.contains(node as Node | null) ?? false
  }

  /** The image was put in another window. */
  rehosted(): void {
    this.viewer?.rehosted()
  }

  focusHost(): void {
    if (this.#host) focusElement(this.#host)
  }
}
