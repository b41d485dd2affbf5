/** Keeps the boxes over the image in step with findings, votes and marks. */

import { useEffect, useMemo } from 'react'

import type { LeaseOut } from '../api/types'
import { usePick } from '../i18n'
import { findingKey, markKey, type NamedFinding, named, overlaysOf } from '../pane/overlays'
import { usePane, usePaneState } from '../pane/PaneContext'
import { useDesk, useSeatState } from './SeatContext'

/** The name of a kind in the person's language. */
export function useKindName(): (kind: string) => string {
  const { config } = useDesk()
  const pick = usePick()
  return useMemo(() => (kind: string) => pick(config.finding_kinds[kind], kind), [config, pick])
}

const namedByLease = new WeakMap<LeaseOut, NamedFinding[]>()

/** The findings of a lease with their letters; worked out once per lease. */
export function findingsOf(lease: LeaseOut | null | undefined): NamedFinding[] {
  if (!lease?.screening) return NO_FINDINGS
  const known = namedByLease.get(lease)
  if (known) return known
  const findings = named(lease.screening.findings)
  namedByLease.set(lease, findings)
  return findings
}

const NO_FINDINGS: NamedFinding[] = []

export function useFindings(): NamedFinding[] {
  return findingsOf(useLease())
}

export function useLease(): LeaseOut | null {
  return useSeatState((state) => state.current?.lease ?? null)
}

export function useOverlays(): void {
  const pane = usePane()
  const kindName = useKindName()
  const lease = useLease()
  const { votes, annotations } = useSeatState(({ draft }) => ({
    votes: draft.votes,
    annotations: draft.annotations,
  }))
  const { threshold, showsFindings, selected } = usePaneState((state) => ({
    threshold: state.threshold,
    showsFindings: state.showsFindings,
    selected: state.selected,
  }))
  useEffect(() => {
    const findings = findingsOf(lease)
    pane.setOverlays(
      overlaysOf({ findings, votes, annotations, threshold, showsFindings, selected, kindName }),
    )
  }, [pane, lease, votes, annotations, threshold, showsFindings, selected, kindName])
}

/** The order in which Tab goes: visible findings, strongest first, then marks. */
export function tabOrder(findings: readonly NamedFinding[], threshold: number, nMarks: number): string[] {
  const visible = findings.filter((finding) => finding.score >= threshold)
  return [
    ...visible.map((finding) => findingKey(finding.finding_id)),
    ...Array.from({ length: nMarks }, (_, i) => markKey(i)),
  ]
}
