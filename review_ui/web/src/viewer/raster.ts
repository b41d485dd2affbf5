/**
 * Draws a scan into a buffer of 32-bit pixels: the CPU renderer's inner loops, free of the DOM.
 *
 * All weights are eighths of a byte (0–256) and all arithmetic is integer, so that the WebGL renderer can
 * compute the same numbers.
 */
import type { Colours } from './colour'
import { type Pose, type Size, screenToScan, turnedSize } from './geometry'
import type { ChannelIndex, LevelPixels, ScanPixels } from './pixels'
import { type SharpenCache, sharpenAmount } from './sharpen'

/** Which pixels of one level's axis each output pixel of [from, to) shows. */
export interface Axis {
  index: Int32Array
  /** Share of pixel index+1, 0–256; null for nearest. */
  weight: Int32Array | null
  from: number
  to: number
}

/** Output rows [from, to) drawn from one level. */
export interface Run {
  level: LevelPixels
  columns: Axis
  rows: Axis
  from: number
  to: number
}

export interface FrameSpec {
  pose: Pose
  /** CSS pixels. */
  view: Size
  /** Output pixels. */
  width: number
  height: number
  /** Interpolate beyond 1:1 too. */
  smooth: boolean
}

export interface DrawStyle {
  colours: Colours
  channel: ChannelIndex
  equalised: boolean
  /** 0–1. */
  sharpen: number
}

/** Below this many output pixels per level pixel the next coarser level is taken. */
const LEAST_SCALE = 0.6

export function makeAxis(
  count: number,
  {
    origin,
    step,
    size,
    extent,
    smooth,
  }: {
    /** Level coordinate of the first output pixel's centre, and the step to the next. */
    origin: number
    step: number
    /** Whole pixels of the level, and how far the scan really reaches. */
    size: number
    extent: number
    smooth: boolean
  },
): Axis {
  const index = new Int32Array(count)
  const weight = smooth ? new Int32Array(count) : null
  let from = count
  let to = 0
  for (let i = 0; i < count; i++) {
    const u = origin + i * step
    if (u < 0 || u >= extent) continue
    if (i < from) from = i
    to = i + 1
    if (!weight) {
      index[i] = Math.min(size - 1, Math.floor(u))
      continue
    }
    const at = Math.min(size - 1, Math.max(0, u - 0.5))
    const near = Math.floor(at)
    index[i] = near
    weight[i] = Math.round((at - near) * 256)
  }
  return { index, weight, from: Math.min(from, to), to }
}

/**
 * The frame that is drawn instead of a turned one, and has to be turned by a quarter afterwards if `isTurned`:
 * rows of the output are then rows of the scan again. Half a turn is two mirrors.
 */
export function unturned(spec: FrameSpec): { spec: FrameSpec; isTurned: boolean } {
  const { turns, flippedX, flippedY } = spec.pose
  const isHalf = turns >= 2
  const pose: Pose = {
    ...spec.pose,
    turns: 0,
    flippedX: flippedX !== isHalf,
    flippedY: flippedY !== isHalf,
  }
  if (turns % 2 === 0) return { spec: { ...spec, pose }, isTurned: false }
  const view = turnedSize(spec.view, turns)
  return { spec: { ...spec, pose, view, width: spec.height, height: spec.width }, isTurned: true }
}

/** Turn a picture of `width` × `height` by a quarter clockwise, tile by tile so that both stay in the cache. */
export function turnQuarter(from: Uint32Array, { width, height }: Size, to: Uint32Array): void {
  const side = 32
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      const bottom = Math.min(height, top + side)
      for (let x = left; x < Math.min(width, left + side); x++) {
        let out = x * height + height - 1 - top
        for (let y = top; y < bottom; y++) to[out--] = from[y * width + x]
      }
    }
  }
}

/** Decide which resolution each row of a frame that is not turned is drawn from. Rows that are nowhere yet are left out. */
export function planFrame(scan: ScanPixels, spec: FrameSpec): Run[] {
  const levels = scan.levels
  if (levels.length === 0) return []
  const perScanPixel = (spec.pose.zoom * spec.width) / spec.view.width
  let finest = levels.findIndex((l) => perScanPixel * 2 ** l.shift >= LEAST_SCALE)
  if (finest < 0) finest = levels.length - 1
  const order = [...levels.slice(finest), ...levels.slice(0, finest).reverse()]
  const axes = order.map((level) => levelAxes(scan, level, spec, perScanPixel))
  const runs: Run[] = []
  for (let j = 0; j < spec.height; j++) {
    const at = axes.findIndex(({ rows }, i) => hasRow(order[i], rows, j))
    if (at < 0) continue
    const last = runs.at(-1)
    if (last && last.level === order[at] && last.to === j) last.to = j + 1
    else runs.push({ level: order[at], ...axes[at], from: j, to: j + 1 })
  }
  return runs
}

function hasRow(level: LevelPixels, rows: Axis, j: number): boolean {
  if (j < rows.from || j >= rows.to) return false
  const y = rows.index[j]
  return level.ready[y] === 1 && (!rows.weight || rows.weight[j] === 0 || level.ready[y + 1] === 1)
}

function levelAxes(
  scan: ScanPixels,
  level: LevelPixels,
  spec: FrameSpec,
  perScanPixel: number,
): { columns: Axis; rows: Axis } {
  const scale = 2 ** -level.shift
  const ratio = spec.width / spec.view.width
  const [x, y] = screenToScan(spec.pose, spec.view, [0.5 / ratio, 0.5 / ratio])
  const step = scale / perScanPixel
  const smooth = spec.smooth || level.shift > 0 || perScanPixel < 0.999
  return {
    columns: makeAxis(spec.width, {
      origin: x * scale,
      step: spec.pose.flippedX ? -step : step,
      size: level.width,
      extent: scan.size.width * scale,
      smooth,
    }),
    rows: makeAxis(spec.height, {
      origin: y * scale,
      step: spec.pose.flippedY ? -step : step,
      size: level.height,
      extent: scan.size.height * scale,
      smooth,
    }),
  }
}

/** The plane a style shows at a level; the plain channel until the equalised one is made. */
export function planeOf(level: LevelPixels, style: Pick<DrawStyle, 'channel' | 'equalised'>): Uint16Array {
  const channel = Math.min(style.channel, level.channels.length - 1)
  return (style.equalised ? level.equalised[channel] : null) ?? level.channels[channel]
}

/** The level's columns that a run touches, as [from, to). */
function columnSpan({ index, weight, from, to }: Axis, width: number): [number, number] {
  if (to <= from) return [0, 0]
  const a = index[from]
  const b = index[to - 1]
  return [Math.min(a, b), Math.min(width, Math.max(a, b) + (weight ? 2 : 1))]
}

/** Draw one run. `out` holds the whole frame; pixels outside the scan are not touched. */
export function drawRun(
  out: Uint32Array,
  outWidth: number,
  run: Run,
  style: DrawStyle,
  sharpened: SharpenCache,
): void {
  const { level, columns, rows } = run
  const plane = planeOf(level, style)
  const span = columnSpan(columns, level.width)
  const amount = sharpenAmount(style.sharpen)
  const sharp = amount > 0 ? sharpened.of(plane, level, amount) : null
  const rowOf = (y: number): Uint16Array =>
    sharp ? sharp.row(y, span) : plane.subarray(y * level.width, (y + 1) * level.width)
  const paint = rowPainter(level, run, style)
  const mixed = new Uint16Array(level.width + 1)
  let previous = -1
  for (let j = run.from; j < run.to; j++) {
    const y = rows.index[j]
    const w = rows.weight ? rows.weight[j] : 0
    const to = out.subarray(j * outWidth, (j + 1) * outWidth)
    if (!rows.weight && y === previous) {
      out.copyWithin(
        j * outWidth + columns.from,
        (j - 1) * outWidth + columns.from,
        (j - 1) * outWidth + columns.to,
      )
      continue
    }
    previous = y
    let values = rowOf(y)
    if (columns.weight) {
      mixRows(values, w > 0 ? rowOf(y + 1) : values, w, span, mixed)
      values = mixed
    }
    paint(values, w >= 128 ? y + 1 : y, to)
  }
}

function mixRows(
  above: Uint16Array,
  below: Uint16Array,
  w: number,
  [from, to]: readonly [number, number],
  out: Uint16Array,
): void {
  if (w === 0) {
    out.set(above.subarray(from, to), from)
  } else {
    for (let x = from; x < to; x++) {
      const a = above[x]
      out[x] = a + (((below[x] - a) * w + 128) >> 8)
    }
  }
  out[to] = out[to - 1] // read with weight 0 beside the last column
}

type RowPainter = (values: Uint16Array, y: number, out: Uint32Array) => void

function rowPainter(level: LevelPixels, { columns }: Run, { colours }: DrawStyle): RowPainter {
  const { index, weight, from, to } = columns
  const { values: table, luminance, palette } = colours
  if (table && weight) {
    return (row, _y, out) => {
      for (let i = from; i < to; i++) {
        const x = index[i]
        const a = row[x]
        out[i] = table[a + (((row[x + 1] - a) * weight[i] + 128) >> 8)]
      }
    }
  }
  if (table) {
    return (row, _y, out) => {
      for (let i = from; i < to; i++) out[i] = table[row[index[i]]]
    }
  }
  const colour = palette!
  const hueAt = hueColumns(level, columns)
  const hues = level.hue ?? new Uint8Array(level.hueWidth)
  const hueRow = (y: number): number => (level.hue ? (y >> level.hueShift) * level.hueWidth : 0)
  if (weight) {
    return (row, y, out) => {
      const h = hueRow(y)
      for (let i = from; i < to; i++) {
        const x = index[i]
        const a = row[x]
        const v = a + (((row[x + 1] - a) * weight[i] + 128) >> 8)
        out[i] = colour[(hues[h + hueAt[i]] << 8) | luminance[v]]
      }
    }
  }
  return (row, y, out) => {
    const h = hueRow(y)
    for (let i = from; i < to; i++) out[i] = colour[(hues[h + hueAt[i]] << 8) | luminance[row[index[i]]]]
  }
}

/** The hue plane's column nearest to each output column. */
export function hueColumns(level: LevelPixels, { index, weight }: Axis): Int32Array {
  if (level.hueShift === 0 && !weight) return index
  const columns = new Int32Array(index.length)
  for (let i = 0; i < index.length; i++) {
    columns[i] = (index[i] + (weight && weight[i] >= 128 ? 1 : 0)) >> level.hueShift
  }
  return columns
}

/** Holds frames that are still to be turned; no frame is drawn while another is. */
let lying = new Uint32Array(0)

/** Draw a whole frame; what the scan does not cover becomes transparent. */
export function drawFrame(
  out: Uint32Array,
  scan: ScanPixels,
  frame: FrameSpec,
  style: DrawStyle,
  sharpened: SharpenCache,
): void {
  const { spec, isTurned } = unturned(frame)
  if (!isTurned) {
    drawUpright(out, scan, spec, style, sharpened)
    return
  }
  const n = spec.width * spec.height
  if (lying.length < n) lying = new Uint32Array(n)
  drawUpright(lying.subarray(0, n), scan, spec, style, sharpened)
  turnQuarter(lying, spec, out)
}

function drawUpright(
  out: Uint32Array,
  scan: ScanPixels,
  spec: FrameSpec,
  style: DrawStyle,
  sharpened: SharpenCache,
): void {
  const runs = planFrame(scan, spec)
  const covered = runs.reduce((n, r) => n + (r.to - r.from) * (r.columns.to - r.columns.from), 0)
  if (covered < spec.width * spec.height) out.fill(0)
  for (const run of runs) drawRun(out, spec.width, run, style, sharpened)
}
