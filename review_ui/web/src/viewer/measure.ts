/** Measurements on raw pixels. */
import { clipBox, type Point } from './geometry'
import { materialOfHue, zOfHue } from './material'
import { isComplete, type ScanPixels } from './pixels'
import type { Box, EnergyStatistics, Probe, RoiStatistics } from './types'

const AIR = 65535
/** Below it noise decides the ratio. */
const LEAST_ATTENUATION = 0.02

/** What lies under a scan point; null outside the scan or before its pixels are there. */
export function probeAt(scan: ScanPixels, at: Point): Probe | null {
  const [x, y] = at.map(Math.floor)
  const value = scan.valueAt(x, y)
  if (!value) return null
  const { high, low, hue } = value
  return { x, y, high, low, material: low === null ? null : materialOfHue(hue, high), z_eff: zOfHue(hue) }
}

/** Distance in scan pixels, and in millimetres where the pixel pitch is known. */
export function measureLength(a: Point, b: Point, pitchMm: number | null) {
  const length_px = Math.hypot(b[0] - a[0], b[1] - a[1])
  return { length_px, length_mm: pitchMm === null ? null : length_px * pitchMm }
}

/**
 * Statistics of the pixels of a box, from the finest complete resolution (a preview's averages until the
 * scan is there). Null if nothing is there or the box lies outside.
 */
export function measureRoi(scan: ScanPixels, drawn: Box): RoiStatistics | null {
  const box = clipBox(drawn, scan.size)
  const level = scan.levels.find(isComplete)
  if (!box || !level) return null
  const scale = 2 ** level.shift
  const inLevel = clipBox(box.map((v) => v / scale) as Box, level)
  if (!inLevel) return null
  const high = summarise(level.channels[0], level.width, inLevel)
  const low = level.channels.length > 1 ? summarise(level.channels[1], level.width, inLevel) : null
  return { box, n: (box[2] - box[0]) * (box[3] - box[1]), high, low, ratio: low && logRatio(high, low) }
}

/** ln(T_low) / ln(T_high) of the means, which tells materials apart; null where the box is open air or opaque. */
function logRatio(high: EnergyStatistics, low: EnergyStatistics): number | null {
  const [attHigh, attLow] = [high, low].map(({ mean }) => -Math.log(mean / AIR))
  return Number.isFinite(attHigh + attLow) && attHigh > LEAST_ATTENUATION ? attLow / attHigh : null
}

function summarise(pixels: Uint16Array, width: number, [x0, y0, x1, y1]: Box): EnergyStatistics {
  let sum = 0
  let squares = 0
  let min = 65535
  let max = 0
  for (let y = y0; y < y1; y++) {
    for (let i = y * width + x0, end = y * width + x1; i < end; i++) {
      const v = pixels[i]
      sum += v
      squares += v * v
      if (v < min) min = v
      if (v > max) max = v
    }
  }
  const n = (x1 - x0) * (y1 - y0)
  const mean = sum / n
  return { mean, min, max, std: Math.sqrt(Math.max(0, squares / n - mean * mean)) }
}
