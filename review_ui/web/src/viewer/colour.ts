/**
 * From 16-bit values to colours. Everything a window/level drag changes is in one table of 65,536 entries,
 * so a frame costs one look-up per pixel (two where a hue is known).
 *
 * Colours are 32-bit words as ImageData holds them on little-endian machines: 0xAABBGGRR.
 */
import { HUE_DENSE, HUE_FIRST, HUE_GREY, HUE_LAST, N_HUES } from './material'
import type { ColourMode, ViewState } from './types'

export type Luminance = Pick<ViewState, 'window' | 'level' | 'inverted' | 'mode' | 'gamma' | 'logarithmic'>
export type Look = Luminance & Pick<ViewState, 'highlight'>

const OPAQUE = 0xff000000

function rgb(r: number, g: number, b: number): number {
  return (OPAQUE | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0
}

/** Bends the windowed signal of [0, 1]: the penetration modes spread the dark or the bright end. */
function bend(t: number, mode: ColourMode): number {
  if (mode === 'high_penetration') return Math.log1p(60 * t) / Math.log1p(60)
  if (mode === 'low_penetration') return t ** 4
  return t
}

/** Parts of the window that brightness is worked out for; with a gamma the dark end needs them finer. */
const STEPS = 4096
const GAMMA_STEPS = 65536

/** Brightness along the window. */
function bentTable({ inverted, mode, gamma }: Luminance): Uint8Array {
  const steps = gamma === 1 ? STEPS : GAMMA_STEPS
  const bent = new Uint8Array(steps + 1)
  for (let i = 0; i <= steps; i++) {
    const t = gamma === 1 ? i / steps : (i / steps) ** (1 / gamma)
    const v = Math.round(255 * bend(t, mode))
    bent[i] = inverted ? 255 - v : v
  }
  return bent
}

/** Transmission below which noise decides: a thousandth, seven mean free paths. */
const LEAST_SIGNAL = 64
let logarithms: Float32Array | null = null

/** Natural logarithm of every pixel value. */
function logarithmOf(v: number): number {
  logarithms ??= Float32Array.from({ length: 65536 }, (_, at) => Math.log(Math.max(LEAST_SIGNAL, at)))
  return logarithms[v]
}

/** Brightness 0–255 of every pixel value. */
export function luminanceTable(look: Luminance): Uint8Array {
  const width = Math.max(1, look.window)
  const from = look.level - width / 2
  const bent = bentTable(look)
  const steps = bent.length - 1
  return look.logarithmic ? logTable(from, from + width, bent) : linearTable(from, steps / width, bent)
}

function linearTable(from: number, scale: number, bent: Uint8Array): Uint8Array {
  const table = new Uint8Array(65536)
  const steps = bent.length - 1
  for (let v = 0; v < 65536; v++) {
    const i = ((v - from) * scale + 0.5) | 0
    table[v] = bent[v <= from ? 0 : Math.min(i, steps)]
  }
  return table
}

/** Attenuations add, so brightness along the logarithm is brightness along thickness. */
function logTable(from: number, to: number, bent: Uint8Array): Uint8Array {
  const table = new Uint8Array(65536)
  const steps = bent.length - 1
  const lowest = Math.log(Math.max(LEAST_SIGNAL, from))
  const scale = steps / Math.max(1e-6, Math.log(Math.max(LEAST_SIGNAL + 1, to)) - lowest)
  for (let v = 0; v < 65536; v++) {
    const i = ((logarithmOf(v) - lowest) * scale + 0.5) | 0
    table[v] = bent[Math.max(0, Math.min(i, steps))]
  }
  return table
}

/** Values of a range in magenta, bright whatever the window makes of them. */
export function highlightTable(values: Uint32Array, [from, to]: readonly [number, number]): Uint32Array {
  const table = values.slice()
  for (let v = Math.max(0, Math.ceil(from)); v <= Math.min(65535, to); v++) {
    const lum = (values[v] >>> 8) & 255
    table[v] = rgb(190 + lum * 0.25, 20 + lum * 0.5, 150 + lum * 0.4)
  }
  return table
}

type Stop = readonly [at: number, r: number, g: number, b: number]

function gradient(stops: readonly Stop[], at: number): [number, number, number] {
  let i = 0
  while (i < stops.length - 2 && at > stops[i + 1][0]) i++
  const [a, r0, g0, b0] = stops[i]
  const [b, r1, g1, b1] = stops[i + 1]
  const t = Math.min(1, Math.max(0, (at - a) / (b - a)))
  return [r0 + t * (r1 - r0), g0 + t * (g1 - g0), b0 + t * (b1 - b0)]
}

const PSEUDO_STOPS: readonly Stop[] = [
  [0, 8, 4, 20],
  [0.1, 64, 14, 110],
  [0.24, 30, 60, 200],
  [0.4, 0, 160, 200],
  [0.55, 40, 190, 80],
  [0.7, 235, 215, 40],
  [0.84, 245, 130, 30],
  [0.94, 250, 205, 180],
  [1, 252, 252, 252],
]

/** Along the material axis: orange organic, green inorganic, blue metal, violet for the heaviest. */
const MATERIAL_STOPS: readonly Stop[] = [
  [0, 214, 104, 0],
  [0.16, 226, 132, 6],
  [0.27, 178, 152, 28],
  [0.42, 46, 150, 62],
  [0.54, 18, 142, 122],
  [0.7, 24, 92, 206],
  [0.84, 34, 64, 200],
  [1, 88, 38, 176],
]

const GREYS = Uint32Array.from({ length: 256 }, (_, v) => rgb(v, v, v))
const PSEUDO = Uint32Array.from({ length: 256 }, (_, v) => rgb(...gradient(PSEUDO_STOPS, v / 255)))

/** Colour of every pixel value for the modes that need no hue. */
export function valueTable(luminance: Uint8Array, mode: ColourMode): Uint32Array {
  const palette = mode === 'pseudo' ? PSEUDO : GREYS
  const table = new Uint32Array(65536)
  for (let v = 0; v < 65536; v++) table[v] = palette[luminance[v]]
  return table
}

/** From black through the full colour in the middle to white, so that brightness stays transmission. */
function shade([r, g, b]: [number, number, number], lum: number): number {
  const middle = 0.46
  const l = lum / 255
  if (l < middle) return rgb((r * l) / middle, (g * l) / middle, (b * l) / middle)
  const t = ((l - middle) / (1 - middle)) ** 1.15
  return rgb(r + t * (255 - r), g + t * (255 - g), b + t * (255 - b))
}

/** Stripped matter stays as a faint outline, so that the rest keeps its place. */
const FAINT = 0.16

function isBetween(from: number, to: number, at: number): number {
  const t = Math.min(1, Math.max(0, (at - from) / (to - from)))
  return t * t * (3 - 2 * t)
}

/** How much of a hue is stripped, 0–1: a soft edge, because single hues are noisy. */
function strippedShare(hue: number, mode: ColourMode): number {
  if (hue === HUE_GREY) return 0
  const position = hue === HUE_DENSE ? 1 : (hue - HUE_FIRST) / (HUE_LAST - HUE_FIRST)
  if (mode === 'organic') return 1 - isBetween(0.2, 0.36, position)
  return mode === 'inorganic' ? isBetween(0.14, 0.3, position) : 0
}

function strip(colour: number, lum: number, inverted: boolean, share: number): number {
  const faint = inverted ? lum * FAINT : 255 - (255 - lum) * FAINT
  const mix = (shift: number): number => {
    const v = (colour >>> shift) & 255
    return v + share * (faint - v)
  }
  return rgb(mix(0), mix(8), mix(16))
}

const palettes = new Map<string, Uint32Array>()

/**
 * Colour of every hue and brightness, at `hue * 256 + brightness`.
 *
 * `organic` strips organic goods (metal stays in colour), `inorganic` strips inorganic goods and metal.
 */
export function huePalette(mode: ColourMode, inverted: boolean): Uint32Array {
  const name = `${mode}${inverted ? '-' : '+'}`
  const known = palettes.get(name)
  if (known) return known
  const palette = new Uint32Array(N_HUES * 256)
  for (let hue = 0; hue < N_HUES; hue++) {
    const base = gradient(MATERIAL_STOPS, (hue - HUE_FIRST) / (HUE_LAST - HUE_FIRST))
    const stripped = strippedShare(hue, mode)
    for (let lum = 0; lum < 256; lum++) {
      let colour = shade(base, lum)
      if (hue === HUE_GREY) colour = GREYS[lum]
      else if (hue === HUE_DENSE) colour = rgb(lum * 0.72, lum * 0.62, lum * 0.8)
      palette[hue * 256 + lum] = stripped > 0 ? strip(colour, lum, inverted, stripped) : colour
    }
  }
  palettes.set(name, palette)
  return palette
}

/** Modes that show hues, where the scan has two energies. */
export function usesHue(mode: ColourMode): boolean {
  return mode === 'material' || mode === 'organic' || mode === 'inorganic'
}

/** Everything a renderer needs to colour a frame. `version` changes when anything else does. */
export interface Colours {
  version: number
  /** Set when no hue is shown. */
  values: Uint32Array | null
  luminance: Uint8Array
  palette: Uint32Array | null
}

function valuesOf(luminance: Uint8Array, { mode, highlight }: Look): Uint32Array {
  const values = valueTable(luminance, mode)
  return highlight ? highlightTable(values, highlight) : values
}

/** Builds the tables of a view, again only when the view's colours changed. */
export class ColourTables {
  private name = ''
  private tables: Colours | null = null
  private version = 0

  for(view: Look, hasHue: boolean): Colours {
    const { highlight } = view
    const hued = hasHue && usesHue(view.mode) && !highlight
    const curve = `${view.window}|${view.level}|${view.gamma}|${view.logarithmic}`
    const name = `${highlight}|${curve}|${view.inverted}|${view.mode}|${hued}`
    if (this.tables && this.name === name) return this.tables
    const luminance = luminanceTable(view)
    this.name = name
    this.version++
    this.tables = {
      version: this.version,
      luminance,
      values: hued ? null : valuesOf(luminance, view),
      palette: hued ? huePalette(view.mode, view.inverted) : null,
    }
    return this.tables
  }
}
