/** What the viewer takes and gives. Boxes are `[x0, y0, x1, y1]` in pixels of the original scan. */
import type { Modality } from './presets'

export type Box = [number, number, number, number]

/** One stored resolution of a scan. Level 2 is a quarter of each side. */
export interface Px16LevelRef {
  level: 0 | 2
  width_px: number
  height_px: number
  n_channels: number
  strip_rows: number
  n_strips: number
  /** Address of one strip; contains `{strip}`. */
  url: string
}

export interface ScanRef {
  key: string
  modality: Modality
  bit_depth: number
  pixel_pitch_mm: number | null
  /** Coarsest first. */
  levels: Px16LevelRef[]
}

export type ColourMode =
  | 'grey'
  | 'material'
  | 'pseudo'
  | 'organic'
  | 'inorganic'
  | 'high_penetration'
  | 'low_penetration'
  | 'clahe'

export interface Overlay {
  id: string
  box: Box
  label: string
  tone: 'danger' | 'warning' | 'info' | 'drawn'
  selected?: boolean
  dimmed?: boolean
  /** While it is selected, the person may move and resize it. */
  editable?: boolean
}

export type Material = 'organic' | 'inorganic' | 'metal' | 'dense' | 'air'

/** The pixel under the pointer; `high` and `low` are raw 16-bit values, 65535 is air. */
export interface Probe {
  x: number
  y: number
  high: number
  low: number | null
  material: Material | null
  z_eff: number | null
}

export type Turns = 0 | 1 | 2 | 3

export interface ViewState {
  /** Screen (CSS) pixels per scan pixel. */
  zoom: number
  /** Scan pixel in the middle of the view. */
  center: [number, number]
  window: number
  level: number
  mode: ColourMode
  inverted: boolean
  channel: 'high' | 'low'
  /** Mirrored along the scan's own axes. */
  flippedX: boolean
  flippedY: boolean
  /** Quarter turns clockwise, after mirroring. */
  turns: Turns
  /** Above 1 the dark end of the window is spread, below 1 the bright end; 0.3 to 3. */
  gamma: number
  /** Equal steps of brightness for equal thickness instead of for equal signal. */
  logarithmic: boolean
  /** 0 (off) to 1. */
  sharpen: number
  /** Raw values, both included, that stand out in a colour of their own; materials are not shown meanwhile. */
  highlight: [number, number] | null
}

export type Tool = 'pan' | 'window' | 'zoom' | 'box' | 'ruler' | 'roi' | 'magnifier'
export type Stage = 'preview' | 'full'

/** Of the raw 16-bit values of one energy. */
export interface EnergyStatistics {
  mean: number
  min: number
  max: number
  std: number
}

/** `low` and `ratio` are null for single energy; `ratio` also where nothing, or all, is absorbed. */
export interface RoiStatistics {
  box: Box
  n: number
  high: EnergyStatistics
  low: EnergyStatistics | null
  ratio: number | null
}

export type Measurement = { length_px: number; length_mm: number | null } | { roi: RoiStatistics }

export interface ViewerEvents {
  view: (state: ViewState) => void
  probe: (probe: Probe | null) => void
  progress: (progress: { key: string; stage: Stage; loaded: number; total: number }) => void
  painted: (painted: { key: string; stage: Stage }) => void
  boxdrawn: (box: Box) => void
  overlayclick: (id: string) => void
  /** The person moved or resized an editable overlay. */
  boxedited: (edited: { id: string; box: Box }) => void
  measured: (measurement: Measurement) => void
  error: (error: { key: string; status: number | null; message: string }) => void
}

export interface ViewerOptions {
  renderer?: 'auto' | 'cpu' | 'webgl2'
  /** Interpolate beyond 1:1 instead of showing single pixels; off by default. */
  smooth?: boolean
}
