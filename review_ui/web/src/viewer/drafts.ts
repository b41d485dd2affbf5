/** Shapes the person draws over the scan: a ruler, a region to measure, a box to keep. */
import type { Emitter } from './emitter'
import { clipBox, formatLength, normaliseBox, type Point } from './geometry'
import type { ShapeKind } from './gestures'
import { measureLength, measureRoi } from './measure'
import type { Draft } from './overlay'
import type { ScanPixels } from './pixels'
import type { Box } from './types'

export type Phase = 'move' | 'end' | 'cancel'

/**
 * What to show of a shape between two scan points; the finished shape is announced.
 *
 * A measurement stays on the screen when it is finished, a box is the page's from then on, and what was
 * enlarged needs no frame.
 */
export function draftOf(
  scan: ScanPixels,
  { kind, from, to, phase }: { kind: ShapeKind; from: Point; to: Point; phase: Phase },
  emitter: Emitter,
): Draft | null {
  if (phase === 'cancel') return null
  if (kind === 'ruler') return rulerDraft(scan, from, to, phase, emitter)
  const box = clipBox(normaliseBox(from, to), scan.size)
  if (!box) return null
  const draft = { kind, from: [box[0], box[1]] as Point, to: [box[2], box[3]] as Point }
  if (phase === 'move') return { ...draft, text: sizeText(box, scan.ref.pixel_pitch_mm) }
  if (kind === 'zoom') return null
  if (kind === 'box') {
    emitter.emit('boxdrawn', box)
    return null
  }
  return { ...draft, text: measured(scan, box, emitter) }
}

function rulerDraft(scan: ScanPixels, from: Point, to: Point, phase: Phase, emitter: Emitter): Draft {
  const length = measureLength(from, to, scan.ref.pixel_pitch_mm)
  if (phase === 'end') emitter.emit('measured', length)
  const { length_px, length_mm } = length
  const text = length_mm === null ? `${length_px.toFixed(1)} px` : formatLength(length_mm)
  return { kind: 'ruler', from, to, text }
}

function measured(scan: ScanPixels, box: Box, emitter: Emitter): string {
  const roi = measureRoi(scan, box)
  if (!roi) return ''
  emitter.emit('measured', { roi })
  const { mean, std, min, max } = roi.high
  return `μ ${Math.round(mean)}  σ ${Math.round(std)}  ${min}–${max}`
}

function sizeText([x0, y0, x1, y1]: Box, pitchMm: number | null): string {
  if (pitchMm === null) return `${x1 - x0} × ${y1 - y0} px`
  return `${formatLength((x1 - x0) * pitchMm)} × ${formatLength((y1 - y0) * pitchMm)}`
}
