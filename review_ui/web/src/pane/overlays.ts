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
  hiddenKinds: readonly string[]
  showsFindings: boolean
  selected: string | null
  kindName: (kind: string) => string
}

/** Whether the threshold and the chosen kinds let a finding be seen. */
export function isListed(
  finding: FindingOut,
  { threshold, hiddenKinds }: Pick<OverlayInput, 'threshold' | 'hiddenKinds'>,
): boolean {
  return finding.score >= threshold && !hiddenKinds.includes(finding.kind)
}

/** The different kinds of findings, strongest first. */
export function kindsOf(findings: readonly NamedFinding[]): string[] {
  return [...new Set(findings.map(({ kind }) => kind))]
}

/** What to hide next when kinds are looked at one by one: all but the first, all but the second, …, nothing. */
export function hideForNextKind(kinds: readonly string[], hidden: readonly string[]): string[] {
  const shown = kinds.filter((kind) => !hidden.includes(kind))
  const next = shown.length === 1 ? kinds[kinds.indexOf(shown[0]) + 1] : kinds[0]
  return next === undefined ? [] : kinds.filter((kind) => kind !== next)
}

export function overlaysOf(input: OverlayInput): Overlay[] {
  const overlays: Overlay[] = []
  for (const finding of input.findings) {
    const id = findingKey(finding.finding_id)
    const isSelected = input.selected === id
    if (!finding.box || !input.showsFindings || (!isListed(finding, input) && !isSelected)) continue
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
