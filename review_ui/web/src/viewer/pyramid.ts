/**
 * Halved copies of a scan, by box mean, so that thin objects fade instead of vanishing when zoomed out.
 * Blocks at the right and lower edge average the pixels they have.
 */

export interface Half {
  /** First halved row, in rows of the halved scan. */
  firstRow: number
  rows: number
  width: number
  pixels: Uint16Array
}

/** Mean of two rows' 2×2 blocks into `out`, rounded to nearest. `below` may be the same row as `above`. */
export function halveRows(above: Uint16Array, below: Uint16Array, width: number, out: Uint16Array): void {
  const pairs = width >> 1
  for (let x = 0, i = 0; x < pairs; x++, i += 2) {
    out[x] = (above[i] + above[i + 1] + below[i] + below[i + 1] + 2) >> 2
  }
  if (width & 1) out[pairs] = (above[width - 1] + below[width - 1] + 1) >> 1
}

/**
 * Halve the part of a scan that one strip can halve alone.
 *
 * A block row that begins in the strip before or ends in the strip after is left out; `halveRows` makes it
 * once both strips are there.
 *
 * @param top The strip's first row in the scan.
 * @param isLast Whether a single last row is a block row of its own.
 */
export function halveStrip(
  strip: Uint16Array,
  { width, top, isLast }: { width: number; top: number; isLast: boolean },
): Half {
  const bottom = top + strip.length / width
  const firstRow = (top + 1) >> 1
  const end = isLast ? (bottom + 1) >> 1 : bottom >> 1
  const rows = Math.max(0, end - firstRow)
  const halfWidth = (width + 1) >> 1
  const pixels = new Uint16Array(rows * halfWidth)
  for (let r = 0; r < rows; r++) {
    const above = 2 * (firstRow + r) - top
    const below = Math.min(above + 1, bottom - top - 1)
    halveRows(
      strip.subarray(above * width, (above + 1) * width),
      strip.subarray(below * width, (below + 1) * width),
      width,
      pixels.subarray(r * halfWidth, (r + 1) * halfWidth),
    )
  }
  return { firstRow, rows, width: halfWidth, pixels }
}

/** Halve a whole plane of `height` rows. */
export function halvePlane(pixels: Uint16Array, width: number): Uint16Array {
  return halveStrip(pixels, { width, top: 0, isLast: true }).pixels
}

/** Every second pixel of every second row, for codes that must not be averaged. */
export function thinPlane(codes: Uint8Array, width: number): Uint8Array {
  const height = codes.length / width
  const halfWidth = (width + 1) >> 1
  const halfHeight = (height + 1) >> 1
  const out = new Uint8Array(halfWidth * halfHeight)
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) out[y * halfWidth + x] = codes[2 * y * width + 2 * x]
  }
  return out
}
