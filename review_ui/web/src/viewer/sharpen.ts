/** Unsharp mask, made where it is looked at and kept while the view moves. */
import type { Size } from './geometry'
import type { LevelPixels } from './pixels'

/** Strength in 1/256, from the setting of [0, 1]. */
export function sharpenAmount(sharpen: number): number {
  return Math.round(Math.min(1, Math.max(0, sharpen)) * 3 * 256)
}

/**
 * Columns [from, to) of one row of a plane with an unsharp mask against the mean of the eight pixels one and
 * two steps away along the axes; pixels beyond the border repeat it.
 */
export function sharpenRow(
  plane: Uint16Array,
  { width, height }: Size,
  y: number,
  amount: number,
  [from, to]: readonly [number, number],
  out: Uint16Array,
): void {
  const at = (dy: number): Uint16Array => {
    const row = Math.min(height - 1, Math.max(0, y + dy)) * width
    return plane.subarray(row, row + width)
  }
  const [up2, up1, row, down1, down2] = [at(-2), at(-1), at(0), at(1), at(2)]
  const last = width - 1
  for (let x = from; x < to; x++) {
    const isInner = x > 1 && x < last - 1
    const across = isInner
      ? row[x - 2] + row[x - 1] + row[x + 1] + row[x + 2]
      : row[Math.max(0, x - 2)] +
        row[Math.max(0, x - 1)] +
        row[Math.min(last, x + 1)] +
        row[Math.min(last, x + 2)]
    const along = up2[x] + up1[x] + down1[x] + down2[x]
    const c = row[x]
    const v = c + ((amount * (8 * c - across - along)) >> 11)
    out[x] = Math.max(0, Math.min(65535, v))
  }
}

/** A sharpened copy of a plane that fills as it is read. */
class SharpenedPlane {
  private readonly pixels: Uint16Array
  private readonly from: Int32Array
  private readonly to: Int32Array

  constructor(
    readonly plane: Uint16Array,
    readonly size: Size,
    readonly version: number,
    readonly amount: number,
  ) {
    this.pixels = new Uint16Array(plane.length)
    this.from = new Int32Array(size.height)
    this.to = new Int32Array(size.height)
  }

  /** Row `y`, of which columns [from, to) are there. */
  row(y: number, [from, to]: readonly [number, number]): Uint16Array {
    const row = this.pixels.subarray(y * this.size.width, (y + 1) * this.size.width)
    if (from > this.to[y] || to < this.from[y] || this.from[y] === this.to[y]) {
      this.make(y, from, to, row)
      this.from[y] = from
      this.to[y] = to
      return row
    }
    if (from < this.from[y]) this.make(y, from, this.from[y], row)
    if (to > this.to[y]) this.make(y, this.to[y], to, row)
    this.from[y] = Math.min(this.from[y], from)
    this.to[y] = Math.max(this.to[y], to)
    return row
  }

  private make(y: number, from: number, to: number, row: Uint16Array): void {
    sharpenRow(this.plane, this.size, y, this.amount, [from, to], row)
  }
}

/** The sharpened planes a painter used last: two, because fine and coarse rows mix while a scan loads. */
export class SharpenCache {
  private planes: SharpenedPlane[] = []

  of(plane: Uint16Array, level: LevelPixels, amount: number): SharpenedPlane {
    const known = this.planes.find(
      (p) => p.plane === plane && p.version === level.version && p.amount === amount,
    )
    if (known) return known
    const made = new SharpenedPlane(plane, level, level.version, amount)
    this.planes = [made, ...this.planes.filter((p) => p.plane !== plane)].slice(0, 2)
    return made
  }

  clear(): void {
    this.planes = []
  }
}
