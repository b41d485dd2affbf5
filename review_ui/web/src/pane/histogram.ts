/** The small histogram above the image. */

const HEIGHT = 32

/** Steps of `nBins` unit-wide columns in a box of height 32; counts on a logarithmic scale. Empty for no data. */
export function histogramPath(counts: ArrayLike<number> | null, nBins: number): string {
  if (!counts || counts.length === 0) return ''
  const columns = new Float64Array(nBins)
  for (let i = 0; i < counts.length; i++) columns[Math.floor((i * nBins) / counts.length)] += counts[i]
  const top = Math.log1p(columns.reduce((a, b) => Math.max(a, b), 0))
  if (top === 0) return ''
  let path = `M0 ${HEIGHT}`
  columns.forEach((count, x) => {
    const y = HEIGHT - (Math.log1p(count) / top) * (HEIGHT - 3)
    path += `V${y.toFixed(1)}H${x + 1}`
  })
  return `${path}V${HEIGHT}Z`
}

/** Where the window begins and ends, as parts of the 16-bit range, kept inside it. */
export function windowSpan({ window, level }: { window: number; level: number }): [number, number] {
  const clamp = (value: number) => Math.min(1, Math.max(0, value / 65535))
  return [clamp(level - window / 2), clamp(level + window / 2)]
}
