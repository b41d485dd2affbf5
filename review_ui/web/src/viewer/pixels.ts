/** The decoded pixels of one scan at every resolution, filled strip by strip. No fetching, no drawing. */
import type { Size } from './geometry'
import { HUE_GREY } from './material'
import { halvePlane, halveRows, thinPlane } from './pyramid'
import type { Px16LevelRef, ScanRef, Stage } from './types'

export type ChannelIndex = 0 | 1

/** What a worker makes of one strip. */
export interface StripPixels {
  channels: Uint16Array[]
  /** The strip's halved rows; only for the full resolution. */
  half: { firstRow: number; rows: number; channels: Uint16Array[] } | null
  /** Hues of `half` where there is one, else of the strip; null for single energy. */
  hue: Uint8Array | null
}

/** One resolution: 2^shift scan pixels a side make one pixel. */
export interface LevelPixels {
  readonly shift: number
  readonly width: number
  readonly height: number
  readonly channels: Uint16Array[]
  /** Hues, at this resolution or (`hueShift` 1) half of it. */
  hue: Uint8Array | null
  hueShift: 0 | 1
  hueWidth: number
  /** Equalised copies of the channels, made on demand. */
  readonly equalised: (Uint16Array | null)[]
  /** Per row: 1 once its pixels are there. */
  readonly ready: Uint8Array
  nReady: number
  /** Grows with every write. */
  version: number
}

function newLevel(shift: number, width: number, height: number, nChannels: number): LevelPixels {
  return {
    shift,
    width,
    height,
    channels: Array.from({ length: nChannels }, () => new Uint16Array(width * height)),
    hue: null,
    hueShift: 0,
    hueWidth: width,
    equalised: Array.from({ length: nChannels }, () => null),
    ready: new Uint8Array(height),
    nReady: 0,
    version: 0,
  }
}

function markReady(level: LevelPixels, from: number, to: number): void {
  for (let y = from; y < to; y++) {
    if (!level.ready[y]) level.nReady++
    level.ready[y] = 1
  }
  level.version++
}

export function isComplete(level: LevelPixels): boolean {
  return level.nReady === level.height
}

/** Resolutions are made until one is no wider and no higher than this, for the overview. */
const SMALLEST_SIDE = 512

function finestOf(ref: ScanRef): Px16LevelRef {
  return ref.levels.reduce((a, b) => (a.level <= b.level ? a : b))
}

/** A scan's size in its own pixels. */
export function scanSize(ref: ScanRef): Size {
  const { level, width_px, height_px } = finestOf(ref)
  return { width: width_px * 2 ** level, height: height_px * 2 ** level }
}

export class ScanPixels {
  readonly size: Size
  readonly nChannels: number
  private readonly byShift = new Map<number, LevelPixels>()
  private readonly histograms = new Map<string, Uint32Array>()

  constructor(readonly ref: ScanRef) {
    this.size = scanSize(ref)
    this.nChannels = finestOf(ref).n_channels
  }

  /** All resolutions that exist so far, finest first. */
  get levels(): LevelPixels[] {
    return [...this.byShift.values()].sort((a, b) => a.shift - b.shift)
  }

  level(shift: number): LevelPixels | undefined {
    return this.byShift.get(shift)
  }

  /** What is wholly there: the full scan, its preview, or neither. */
  get stage(): Stage | null {
    const full = this.byShift.get(Math.min(...this.ref.levels.map((l) => l.level)))
    if (full && isComplete(full)) return 'full'
    return this.levels.some(isComplete) ? 'preview' : null
  }

  /** The finest resolution that is wholly there. */
  get finestComplete(): LevelPixels | null {
    return this.levels.find(isComplete) ?? null
  }

  addStrip(ref: Px16LevelRef, index: number, strip: StripPixels): void {
    const level = this.ensure(ref.level, ref.width_px, ref.height_px)
    const top = index * ref.strip_rows
    strip.channels.forEach((pixels, c) => {
      level.channels[c].set(pixels, top * level.width)
    })
    const rows = strip.channels[0].length / level.width
    if (strip.half) this.addHalf(level, strip.half, strip.hue)
    else if (strip.hue) this.ensureHue(level).set(strip.hue, top * level.width)
    markReady(level, top, top + rows)
    if (strip.half) this.joinHalves(level, top, top + rows)
    this.finish(level)
  }

  private ensure(shift: number, width: number, height: number): LevelPixels {
    const known = this.byShift.get(shift)
    if (known) return known
    const level = newLevel(shift, width, height, this.nChannels)
    this.byShift.set(shift, level)
    return level
  }

  private ensureHue(level: LevelPixels): Uint8Array {
    level.hue ??= new Uint8Array(level.width * level.height)
    return level.hue
  }

  private addHalf(full: LevelPixels, half: NonNullable<StripPixels['half']>, hue: Uint8Array | null): void {
    const level = this.ensure(1, (full.width + 1) >> 1, (full.height + 1) >> 1)
    const at = half.firstRow * level.width
    half.channels.forEach((pixels, c) => {
      level.channels[c].set(pixels, at)
    })
    if (hue) {
      this.ensureHue(level).set(hue, at)
      full.hue = level.hue
      full.hueShift = 1
      full.hueWidth = level.width
    }
    markReady(level, half.firstRow, half.firstRow + half.rows)
  }

  /** Make the halved rows that begin in one strip and end in the next, once both are there. */
  private joinHalves(full: LevelPixels, top: number, bottom: number): void {
    const level = this.byShift.get(1)
    if (!level) return
    for (const seam of [top, bottom]) {
      const y = (seam - 1) >> 1
      if (!(seam & 1) || seam >= full.height || !full.ready[seam - 1] || !full.ready[seam]) continue
      full.channels.forEach((pixels, c) => {
        const [above, below] = [seam - 1, seam].map((row) =>
          pixels.subarray(row * full.width, (row + 1) * full.width),
        )
        const out = level.channels[c].subarray(y * level.width, (y + 1) * level.width)
        halveRows(above, below, full.width, out)
      })
      const neighbour = y > 0 ? y - 1 : y + 1
      if (level.hue && neighbour < level.height) {
        level.hue.copyWithin(y * level.width, neighbour * level.width, (neighbour + 1) * level.width)
      }
      markReady(level, y, y + 1)
    }
  }

  /** Once a resolution is complete, make the coarser ones that nobody sends. */
  private finish(level: LevelPixels): void {
    if (!isComplete(level)) return
    this.histograms.clear()
    const half = this.byShift.get(1)
    let from = level.shift === 0 && half && isComplete(half) ? half : level
    const sent = new Set<number>(this.ref.levels.map((l) => l.level))
    while (Math.max(from.width, from.height) > SMALLEST_SIDE && !sent.has(from.shift + 1)) {
      from = this.byShift.get(from.shift + 1) ?? this.halveLevel(from)
    }
  }

  private halveLevel(level: LevelPixels): LevelPixels {
    const width = (level.width + 1) >> 1
    const half = newLevel(level.shift + 1, width, (level.height + 1) >> 1, 0)
    for (const pixels of level.channels) {
      half.channels.push(halvePlane(pixels, level.width))
      half.equalised.push(null)
    }
    if (level.hue && level.hueShift === 0) half.hue = thinPlane(level.hue, level.width)
    markReady(half, 0, half.height)
    this.byShift.set(half.shift, half)
    return half
  }

  /** Take equalised copies of one channel, for the resolution `shift` and the coarser ones in turn. */
  setEqualised(channel: ChannelIndex, shift: number, planes: readonly Uint16Array[]): void {
    planes.forEach((plane, i) => {
      const level = this.byShift.get(shift + i)
      if (!level || plane.length !== level.width * level.height) return
      level.equalised[channel] = plane
      level.version++
    })
  }

  /** Counts of 256 equal ranges of one channel, from the finest small resolution that is complete. */
  histogram(channel: ChannelIndex): Uint32Array | null {
    const complete = this.levels.filter(isComplete)
    const level = complete.find((l) => l.width * l.height <= 1_500_000) ?? complete.at(-1)
    if (!level) return null
    const name = `${level.shift}/${channel}`
    const known = this.histograms.get(name)
    if (known) return known
    const bins = new Uint32Array(256)
    for (const v of level.channels[Math.min(channel, this.nChannels - 1)]) bins[v >> 8]++
    this.histograms.set(name, bins)
    return bins
  }

  /** Raw values and hue under a scan pixel, from the finest resolution that has it. */
  valueAt(x: number, y: number): { high: number; low: number | null; hue: number; exact: boolean } | null {
    if (x < 0 || y < 0 || x >= this.size.width || y >= this.size.height) return null
    for (const level of this.levels) {
      const lx = Math.min(level.width - 1, x >> level.shift)
      const ly = Math.min(level.height - 1, y >> level.shift)
      if (!level.ready[ly]) continue
      const i = ly * level.width + lx
      const hueAt = (ly >> level.hueShift) * level.hueWidth + (lx >> level.hueShift)
      return {
        high: level.channels[0][i],
        low: this.nChannels > 1 ? level.channels[1][i] : null,
        hue: level.hue ? level.hue[hueAt] : HUE_GREY,
        exact: level.shift === 0,
      }
    }
    return null
  }

  /** Memory held, in bytes. */
  get byteLength(): number {
    let bytes = 0
    for (const level of this.byShift.values()) {
      for (const plane of level.channels) bytes += plane.byteLength
      for (const plane of level.equalised) bytes += plane?.byteLength ?? 0
      if (level.hueShift === 0) bytes += level.hue?.byteLength ?? 0
    }
    return bytes
  }
}
