/** Which raw values count as dense as something. */

import type { Probe, RoiStatistics, ViewState } from '../viewer'

/** Around a single pixel: a share of its value, and at least what noise does to it. */
const SHARE = 0.06
const LEAST = 300
const N_DEVIATIONS = 2

/** The range of the shown energy; null where there is nothing to compare with. */
export function densityRange(
  channel: ViewState['channel'],
  roi: RoiStatistics | null,
  probe: Pick<Probe, 'high' | 'low'> | null,
): [number, number] | null {
  const isLow = channel === 'low'
  const region = roi && (isLow ? (roi.low ?? roi.high) : roi.high)
  if (region) return around(region.mean, Math.max(LEAST, N_DEVIATIONS * region.std))
  const value = probe && (isLow ? (probe.low ?? probe.high) : probe.high)
  return value === null ? null : around(value, Math.max(LEAST, SHARE * value))
}

function around(middle: number, reach: number): [number, number] {
  return [Math.max(0, Math.round(middle - reach)), Math.min(65535, Math.round(middle + reach))]
}
