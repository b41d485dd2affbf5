/**
 * px16: lossless 16-bit scans in row strips. Layout and reasons: docs/reference/px16.md.
 *
 * A strip is one zstd frame. Decompressed it holds, for each channel in turn, the low-byte plane and then
 * the high-byte plane of zigzag residuals. The first row is coded against its left neighbour, every other
 * row against the row above, modulo 65536.
 */

export class Px16Error extends Error {
  override name = 'Px16Error'
}

export interface StripShape {
  width: number
  rows: number
  nChannels: number
}

/** Length in bytes of a strip once decompressed. */
export function stripBytes({ width, rows, nChannels }: StripShape): number {
  return width * rows * nChannels * 2
}

/**
 * Undo bytes planes, zigzag and differences.
 *
 * @param planes A decompressed strip.
 * @returns One array of `rows × width` pixels per channel, high energy first.
 * @throws Px16Error if the length does not fit the shape.
 */
export function restoreStrip(planes: Uint8Array, shape: StripShape): Uint16Array[] {
  if (planes.length !== stripBytes(shape)) {
    throw new Px16Error(`a strip of ${stripBytes(shape)} bytes was announced, ${planes.length} came`)
  }
  const size = shape.width * shape.rows
  const channels: Uint16Array[] = []
  for (let c = 0; c < shape.nChannels; c++) {
    const low = planes.subarray(2 * c * size, (2 * c + 1) * size)
    const high = planes.subarray((2 * c + 1) * size, (2 * c + 2) * size)
    channels.push(restoreChannel(low, high, shape.width))
  }
  return channels
}

function restoreChannel(low: Uint8Array, high: Uint8Array, width: number): Uint16Array {
  const size = low.length
  const pixels = new Uint16Array(size)
  let previous = 0
  for (let i = 0; i < width; i++) {
    const z = low[i] | (high[i] << 8)
    previous = (previous + ((z >>> 1) ^ -(z & 1))) & 0xffff
    pixels[i] = previous
  }
  for (let i = width, above = 0; i < size; i++, above++) {
    const z = low[i] | (high[i] << 8)
    pixels[i] = pixels[above] + ((z >>> 1) ^ -(z & 1)) // the array keeps the low 16 bits
  }
  return pixels
}

export interface Px16File {
  width: number
  height: number
  nChannels: number
  level: number
  stripRows: number
  frames: Uint8Array[]
}

/** Split a whole px16 file into its zstd frames (the server sends frames alone; files are for tests). */
export function parsePx16(bytes: Uint8Array): Px16File {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 24 || view.getUint32(0, true) !== 0x36315850 || bytes[4] !== 1) {
    throw new Px16Error('not a px16 file of version 1')
  }
  const nStrips = view.getUint32(20, true)
  const frames: Uint8Array[] = []
  for (let i = 0; i < nStrips; i++) {
    const entry = 24 + 16 * i
    const offset = Number(view.getBigUint64(entry, true))
    frames.push(bytes.subarray(offset, offset + view.getUint32(entry + 8, true)))
  }
  return {
    width: view.getUint32(8, true),
    height: view.getUint32(12, true),
    nChannels: bytes[5],
    level: bytes[6],
    stripRows: view.getUint32(16, true),
    frames,
  }
}
