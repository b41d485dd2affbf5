/**
 * What a pixel is made of, from two energies.
 *
 * With transmissions T_high and T_low, R = ln(T_low) / ln(T_high) depends on the atomic number alone but
 * for beam hardening. At MeV energies pair production grows with energy and with Z, so R falls from organic
 * goods to metals. A hue is a number 0–63: 0 is grey (air or too little signal), 63 is dense (too few
 * photons came through), 1–62 runs along the material axis from organic to lead.
 *
 * Source: S. Ogorodnikov and V. Petrunin, Phys. Rev. ST Accel. Beams 5, 104701, 2002 (material groups from
 * two MeV energies). The anchors below were fitted to the NIST tables and the 6 and 4 MeV spectra of
 * datasets/synthetic/physics.py; they are linear in the attenuation.
 */
import type { Material } from './types'

export const HUE_GREY = 0
export const HUE_FIRST = 1
export const HUE_LAST = 62
export const HUE_DENSE = 63
export const N_HUES = 64

export interface MaterialAnchor {
  z: number
  /** R in thin material, and its change per unit of high-energy attenuation. */
  ratio: number
  hardening: number
}

export interface MaterialCurve {
  /** Organic, inorganic, metal, lead: R must rise or fall from each to the next. */
  anchors: readonly [MaterialAnchor, MaterialAnchor, MaterialAnchor, MaterialAnchor]
  /** Below this attenuation there is too little material to tell what it is. */
  minAttenuation: number
  /** Above this one scatter and noise outweigh the signal. */
  maxAttenuation: number
}

/** 6 MeV over 4 MeV, cadmium tungstate. */
export const MV_CURVE: MaterialCurve = {
  anchors: [
    { z: 7, ratio: 1.157, hardening: 0.005 },
    { z: 13, ratio: 1.139, hardening: 0.0025 },
    { z: 26, ratio: 1.111, hardening: -0.0005 },
    { z: 82, ratio: 1.081, hardening: -0.003 },
  ],
  minAttenuation: 0.045,
  maxAttenuation: 5.1,
}

/** Where the anchors lie on the material axis of [0, 1]. */
const ANCHOR_POSITIONS = [0.08, 0.42, 0.74, 0.96] as const
/** Classes change half way between their anchors. */
const ORGANIC_END = (ANCHOR_POSITIONS[0] + ANCHOR_POSITIONS[1]) / 2
const INORGANIC_END = (ANCHOR_POSITIONS[1] + ANCHOR_POSITIONS[2]) / 2

/** -ln(v / 65535) for every pixel value; 0 counts as half a count. */
export const ATTENUATION: Float32Array = (() => {
  const table = new Float32Array(65536)
  for (let v = 0; v < 65536; v++) table[v] = -Math.log(Math.max(v, 0.5) / 65535)
  return table
})()

/** Position on the material axis; beyond the outer anchors the outer slope goes on, within [0, 1]. */
export function axisPosition(attenuation: number, ratio: number, curve: MaterialCurve = MV_CURVE): number {
  const at = curve.anchors.map((a) => a.ratio + a.hardening * attenuation)
  const falling = at[0] > at[3]
  let i = 0
  while (i < 2 && (falling ? ratio < at[i + 1] : ratio > at[i + 1])) i++
  const share = (ratio - at[i]) / (at[i + 1] - at[i])
  const position = ANCHOR_POSITIONS[i] + share * (ANCHOR_POSITIONS[i + 1] - ANCHOR_POSITIONS[i])
  return Math.min(1, Math.max(0, position))
}

const N_ATTENUATION = 128
const N_RATIO = 512

/** Two-dimensional table (attenuation × ratio) of hues. */
export class MaterialTable {
  private readonly hues = new Uint8Array(N_ATTENUATION * N_RATIO)
  private readonly ratioFrom: number
  private readonly ratioScale: number
  private readonly attenuationScale: number

  constructor(private readonly curve: MaterialCurve = MV_CURVE) {
    const at = curve.anchors.flatMap((a) => [a.ratio, a.ratio + a.hardening * curve.maxAttenuation])
    const low = Math.min(...at)
    const high = Math.max(...at)
    const margin = (high - low) / 2
    this.ratioFrom = low - margin
    this.ratioScale = (N_RATIO - 1) / (high - low + 2 * margin)
    this.attenuationScale = (N_ATTENUATION - 1) / curve.maxAttenuation
    for (let a = 0; a < N_ATTENUATION; a++) {
      for (let r = 0; r < N_RATIO; r++) {
        const position = axisPosition(a / this.attenuationScale, this.ratioFrom + r / this.ratioScale, curve)
        this.hues[a * N_RATIO + r] = HUE_FIRST + Math.round(position * (HUE_LAST - HUE_FIRST))
      }
    }
  }

  /** The hue of a place whose attenuations, averaged over a neighbourhood, are these. */
  hue(high: number, low: number): number {
    if (high >= this.curve.maxAttenuation) return HUE_DENSE
    if (high < this.curve.minAttenuation) return HUE_GREY
    const r = ((low / high - this.ratioFrom) * this.ratioScale + 0.5) | 0
    const a = (high * this.attenuationScale + 0.5) | 0
    return this.hues[a * N_RATIO + Math.min(N_RATIO - 1, Math.max(0, r))]
  }
}

/** Mean of a (2·radius+1)² square around each pixel; at the border, of the part inside. */
export function boxMean(values: Float32Array, width: number, radius: number): Float32Array {
  const height = values.length / width
  const out = new Float32Array(values.length)
  const columns = new Float64Array(width)
  const addRow = (y: number, sign: 1 | -1): void => {
    for (let x = 0, i = y * width; x < width; x++, i++) columns[x] += sign * values[i]
  }
  for (let y = 0; y < Math.min(radius, height); y++) addRow(y, 1)
  for (let y = 0; y < height; y++) {
    if (y + radius < height) addRow(y + radius, 1)
    if (y - radius - 1 >= 0) addRow(y - radius - 1, -1)
    const rows = Math.min(height - 1, y + radius) - Math.max(0, y - radius) + 1
    meanOfRow(columns, radius, rows, out.subarray(y * width, (y + 1) * width))
  }
  return out
}

function meanOfRow(columns: Float64Array, radius: number, rows: number, out: Float32Array): void {
  const width = columns.length
  let sum = 0
  for (let x = 0; x < Math.min(radius, width); x++) sum += columns[x]
  for (let x = 0; x < width; x++) {
    if (x + radius < width) sum += columns[x + radius]
    if (x - radius - 1 >= 0) sum -= columns[x - radius - 1]
    const n = Math.min(width - 1, x + radius) - Math.max(0, x - radius) + 1
    out[x] = sum / (n * rows)
  }
}

function attenuationOf(plane: Uint16Array): Float32Array {
  const out = new Float32Array(plane.length)
  for (let i = 0; i < out.length; i++) out[i] = ATTENUATION[plane[i]]
  return out
}

/** Relative difference of the small and the large neighbourhood at which the large one counts for 1/e. */
const SAME_MATTER = 0.12
/** Brighter than this is air: colour must not bleed out of an object into it. */
const AIR_FROM = 64500

/**
 * Hues of a plane, from square neighbourhoods: a small one, and three times as large where both attenuate
 * alike, that is inside one object.
 *
 * Attenuations are averaged before they are divided: single pixels are too noisy, and air adds nothing to
 * either mean, so that an object keeps its hue up to its edge.
 */
export function hueMap(
  high: Uint16Array,
  low: Uint16Array,
  { width, radius, table }: { width: number; radius: number; table: MaterialTable },
): Uint8Array {
  const attenuations = [high, low].map(attenuationOf)
  const [nearHigh, nearLow] = attenuations.map((a) => boxMean(a, width, radius))
  const [farHigh, farLow] = attenuations.map((a) => boxMean(a, width, 3 * radius))
  const out = new Uint8Array(high.length)
  for (let i = 0; i < out.length; i++) {
    if (high[i] > AIR_FROM) continue
    const difference = (farHigh[i] - nearHigh[i]) / (SAME_MATTER * nearHigh[i])
    const far = Math.exp(-difference * difference)
    const h = nearHigh[i] + far * (farHigh[i] - nearHigh[i])
    out[i] = table.hue(h, nearLow[i] + far * (farLow[i] - nearLow[i]))
  }
  return out
}

/** The class of a hue; grey is air where nearly everything comes through, else unknown. */
export function materialOfHue(hue: number, high: number): Material | null {
  if (hue === HUE_DENSE) return 'dense'
  if (hue === HUE_GREY) return ATTENUATION[high] < 0.06 ? 'air' : null
  const position = (hue - HUE_FIRST) / (HUE_LAST - HUE_FIRST)
  return position < ORGANIC_END ? 'organic' : position < INORGANIC_END ? 'inorganic' : 'metal'
}

/** Effective atomic number of a hue, interpolated between the anchors; null for grey and dense. */
export function zOfHue(hue: number, curve: MaterialCurve = MV_CURVE): number | null {
  if (hue === HUE_GREY || hue === HUE_DENSE) return null
  const position = (hue - HUE_FIRST) / (HUE_LAST - HUE_FIRST)
  let i = 0
  while (i < 2 && position > ANCHOR_POSITIONS[i + 1]) i++
  const share = (position - ANCHOR_POSITIONS[i]) / (ANCHOR_POSITIONS[i + 1] - ANCHOR_POSITIONS[i])
  const z = curve.anchors[i].z + share * (curve.anchors[i + 1].z - curve.anchors[i].z)
  return Math.round(Math.min(92, Math.max(5, z)) * 10) / 10
}
