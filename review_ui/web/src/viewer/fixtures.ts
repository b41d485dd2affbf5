/** Small scans for tests. */
import { ScanPixels } from './pixels'
import { halvePlane } from './pyramid'
import { decodeStrip } from './strip'
import type { Px16LevelRef, ScanRef } from './types'

/** A plane of repeatable noise. */
export function noise(width: number, height: number, seed = 1): Uint16Array {
  let state = seed
  return Uint16Array.from({ length: width * height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 16
  })
}

export function levelRef(
  level: 0 | 2,
  width: number,
  height: number,
  { nChannels = 1, stripRows = height }: { nChannels?: number; stripRows?: number } = {},
): Px16LevelRef {
  return {
    level,
    width_px: width,
    height_px: height,
    n_channels: nChannels,
    strip_rows: stripRows,
    n_strips: Math.ceil(height / stripRows),
    url: `/px16/${level}/{strip}`,
  }
}

export function scanRef(key: string, levels: Px16LevelRef[]): ScanRef {
  return { key, modality: 'cargo', bit_depth: 16, pixel_pitch_mm: 4, levels }
}

/** The planes a strip has once decompressed: the encoder's side of px16. */
export function encodeStrip(channels: Uint16Array[], width: number): Uint8Array {
  const size = channels[0].length
  const planes = new Uint8Array(channels.length * size * 2)
  channels.forEach((pixels, c) => {
    for (let i = 0; i < size; i++) {
      const predicted = i >= width ? pixels[i - width] : i > 0 ? pixels[i - 1] : 0
      const d = ((pixels[i] - predicted) << 16) >> 16
      const z = ((d << 1) ^ (d >> 15)) & 0xffff
      planes[2 * c * size + i] = z & 255
      planes[(2 * c + 1) * size + i] = z >> 8
    }
  })
  return planes
}

/** Put one strip of whole planes into a scan, by way of the codec. */
export function addStrip(scan: ScanPixels, ref: Px16LevelRef, index: number, planes: Uint16Array[]): void {
  const top = index * ref.strip_rows
  const rows = Math.min(ref.strip_rows, ref.height_px - top)
  const parts = planes.map((p) => p.subarray(top * ref.width_px, (top + rows) * ref.width_px))
  const shape = { width: ref.width_px, rows, nChannels: ref.n_channels }
  const place = { top, isLast: index === ref.n_strips - 1, halve: ref.level === 0 }
  scan.addStrip(ref, index, decodeStrip(encodeStrip(parts, ref.width_px), { ...shape, ...place }))
}

/** A scan with all its strips, of one or two planes; the preview is a quarter of each side. */
export function fullScan(
  planes: Uint16Array[],
  width: number,
  { stripRows, preview = true }: { stripRows?: number; preview?: boolean } = {},
): ScanPixels {
  const height = planes[0].length / width
  const nChannels = planes.length
  const full = levelRef(0, width, height, { nChannels, stripRows: stripRows ?? height })
  const small = levelRef(2, Math.ceil(width / 4), Math.ceil(height / 4), { nChannels })
  const scan = new ScanPixels(scanRef('scan', preview ? [small, full] : [full]))
  if (preview) {
    const quarter = planes.map((p) => halvePlane(halvePlane(p, width), Math.ceil(width / 2)))
    addStrip(scan, small, 0, quarter)
  }
  for (let i = 0; i < full.n_strips; i++) addStrip(scan, full, i, planes)
  return scan
}
