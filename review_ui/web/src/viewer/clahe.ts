/**
 * Contrast-limited adaptive histogram equalisation of a whole scan, 16 bit in and out.
 *
 * Source: K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994.
 * Bins are spaced by square root, which follows photon noise and keeps steps in dark cargo apart.
 */

export const CLAHE_TILES = 8
const N_BINS = 2048
/** Highest bin, as a multiple of a flat histogram. */
const CLIP = 3

const BIN_OF: Uint16Array = (() => {
  const table = new Uint16Array(65536)
  for (let v = 0; v < 65536; v++) table[v] = Math.floor(Math.sqrt(v / 65535) * (N_BINS - 1))
  return table
})()

interface Tiles {
  nx: number
  ny: number
  /** Output value per tile and bin. */
  maps: Uint16Array
}

function tileHistogram(
  pixels: Uint16Array,
  width: number,
  [x0, y0, x1, y1]: [number, number, number, number],
): Float64Array {
  const bins = new Float64Array(N_BINS)
  for (let y = y0; y < y1; y++) {
    for (let i = y * width + x0, end = y * width + x1; i < end; i++) bins[BIN_OF[pixels[i]]]++
  }
  return bins
}

/** Cut the histogram at the clip limit and spread what was cut over all bins. */
function clipHistogram(bins: Float64Array, n: number): void {
  const limit = Math.max(1, (CLIP * n) / N_BINS)
  let excess = 0
  for (let b = 0; b < N_BINS; b++) {
    if (bins[b] > limit) {
      excess += bins[b] - limit
      bins[b] = limit
    }
  }
  const share = excess / N_BINS
  for (let b = 0; b < N_BINS; b++) bins[b] += share
}

function tileMaps(pixels: Uint16Array, width: number): Tiles {
  const height = pixels.length / width
  const nx = Math.min(CLAHE_TILES, width)
  const ny = Math.min(CLAHE_TILES, height)
  const maps = new Uint16Array(nx * ny * N_BINS)
  for (let t = 0; t < nx * ny; t++) {
    const tx = t % nx
    const ty = (t / nx) | 0
    const x0 = Math.floor((tx * width) / nx)
    const y0 = Math.floor((ty * height) / ny)
    const x1 = Math.floor(((tx + 1) * width) / nx)
    const y1 = Math.floor(((ty + 1) * height) / ny)
    const n = (x1 - x0) * (y1 - y0)
    const bins = tileHistogram(pixels, width, [x0, y0, x1, y1])
    clipHistogram(bins, n)
    let below = 0
    for (let b = 0; b < N_BINS; b++) {
      below += bins[b]
      maps[t * N_BINS + b] = Math.min(65535, Math.round((below / n) * 65535))
    }
  }
  return { nx, ny, maps }
}

/** Position between tile centres: the lower tile and the share of the next, per pixel of one axis. */
function tileShares(size: number, n: number): { tile: Uint8Array; share: Float32Array } {
  const tile = new Uint8Array(size)
  const share = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    const at = Math.min(n - 1, Math.max(0, ((i + 0.5) * n) / size - 0.5))
    tile[i] = Math.min(Math.floor(at), Math.max(0, n - 2))
    share[i] = at - tile[i]
  }
  return { tile, share }
}

/** Equalise one channel of a scan; the input is not changed. */
export function equalise(pixels: Uint16Array, width: number): Uint16Array {
  const height = pixels.length / width
  const { nx, ny, maps } = tileMaps(pixels, width)
  const columns = tileShares(width, nx)
  const rows = tileShares(height, ny)
  const nextX = nx > 1 ? N_BINS : 0
  const rowMaps = new Float32Array(nx * N_BINS)
  const out = new Uint16Array(pixels.length)
  for (let y = 0; y < height; y++) {
    const above = rows.tile[y] * nx * N_BINS
    const below = ny > 1 ? above + nx * N_BINS : above
    const wy = rows.share[y]
    for (let b = 0; b < nx * N_BINS; b++)
      rowMaps[b] = maps[above + b] + wy * (maps[below + b] - maps[above + b])
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const at = columns.tile[x] * N_BINS + BIN_OF[pixels[i]]
      const left = rowMaps[at]
      out[i] = left + columns.share[x] * (rowMaps[at + nextX] - left) + 0.5
    }
  }
  return out
}
