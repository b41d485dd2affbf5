/** Which boxes are drawn over a scan, and how findings are ordered and named. */

import type { Annotation, FindingOut } from '../api/types'
import { letters } from '../format'
import type { Overlay } from '../viewer'

/** A finding with its letter: A is the strongest. */
export interface NamedFinding extends FindingOut {
  letter: string
}

export const findingKey = (findingId: number): string => `f:${findingId}`
export const markKey = (index: number): string => `m:${index}`

/** The index of the mark a selection names, or null. */
export function markIndexOf(selected: string | null): number | null {
  return selected?.startsWith('m:') ? Number(selected.slice(2)) : null
}

/** The finding a selection names, or null. */
export function findingIdOf(selected: string | null): number | null {
  return selected?.startsWith('f:') ? Number(selected.slice(2)) : null
}

/** Strongest first. Letters do not change with the threshold slider. */
export function named(findings: readonly FindingOut[]): NamedFinding[] {
  return [...findings]
    .sort((a, b) => b.score - a.score || a.finding_id - b.finding_id)
    .map((finding, index) => ({ ...finding, letter: letters(index) }))
}

export function toneOf(score: number): 'danger' | 'warning' | 'info' {
  if (score >= 0.75) return 'danger'
  return score >= 0.5 ? 'warning' : 'info'
}

export interface OverlayInput {
  findings: readonly NamedFinding[]
  votes: Readonly<Record<number, boolean>>
  annotations: readonly Annotation[]
  threshold: number
  showsFindings: boolean
  selected: string | null
  kindName: (kind: string) => string
}

export function overlaysOf(input: OverlayInput): Overlay[] {
  const overlays: Overlay[] = []
  for (const finding of input.findings) {
    const id = findingKey(finding.finding_id)
    const isSelected = input.selected === id
    if (!finding.box || !input.showsFindings || (finding.score < input.threshold && !isSelected)) continue
    overlays.push({
      id,
      box: finding.box,
      label: `${finding.letter} ${input.kindName(finding.kind)} ${Math.round(finding.score * 100)}%`,
      tone: toneOf(finding.score),
      selected: isSelected,
      dimmed: input.votes[finding.finding_id] === false,
    })
  }
  input.annotations.forEach((annotation, index) => {
    overlays.push({
      id: markKey(index),
      box: annotation.box,
      label: `${index + 1} ${input.kindName(annotation.kind)}`,
      tone: 'drawn',
      editable: true,
      selected: input.selected === markKey(index),
    })
  })
  return overlays
}

/** The selection after (or before) the present one, over visible findings and marks; wraps around. */
export function neighbour(keys: readonly string[], selected: string | null, step: 1 | -1): string | null {
  if (keys.length === 0) return null
  const at = selected === null ? -1 : keys.indexOf(selected)
  if (at === -1) return step === 1 ? keys[0] : keys[keys.length - 1]
  return keys[(at + step + keys.length) % keys.length]
}
