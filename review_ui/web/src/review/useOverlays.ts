/** Keeps the boxes over the image in step with findings, votes and marks. */

import { useEffect, useMemo } from 'react'

import type { CaseView } from '../api/types'
import { usePick } from '../i18n'
import { findingKey, isListed, markKey, type NamedFinding, named, overlaysOf } from '../pane/overlays'
import { usePane, usePaneState } from '../pane/PaneContext'
import { useDesk, useSeatState } from './SeatContext'

/** The name of a kind in the person's language. */
export function useKindName(): (kind: string) => string {
  const { config } = useDesk()
  const pick = usePick()
  return useMemo(() => (kind: string) => pick(config.finding_kinds[kind], kind), [config, pick])
}

const namedByView = new WeakMap<CaseView, NamedFinding[]>()

/** The findings of a case with their letters; worked out once per view. */
export function findingsOf(view: CaseView | null): NamedFinding[] {
  if (!view?.screening) return NO_FINDINGS
  const known = namedByView.get(view)
  if (known) return known
  const findings = named(view.screening.findings)
  namedByView.set(view, findings)
  return findings
}

const NO_FINDINGS: NamedFinding[] = []

export function useFindings(): NamedFinding[] {
  return findingsOf(useView())
}

export function useView(): CaseView | null {
  return useSeatState((state) => state.view)
}

export function useOverlays(): void {
  const pane = usePane()
  const kindName = useKindName()
  const view = useView()
  const { votes, annotations } = useSeatState(({ draft }) => ({
    votes: draft.votes,
    annotations: draft.annotations,
  }))
  const { threshold, hiddenKinds, showsFindings, selected } = usePaneState((state) => ({
    threshold: state.threshold,
    hiddenKinds: state.hiddenKinds,
    showsFindings: state.showsFindings,
    selected: state.selected,
  }))
  useEffect(() => {
    const findings = findingsOf(view)
    pane.setOverlays(
      overlaysOf({ findings, votes, annotations, threshold, hiddenKinds, showsFindings, selected, kindName }),
    )
  }, [pane, view, votes, annotations, threshold, hiddenKinds, showsFindings, selected, kindName])
}

/** The order in which Tab goes: visible findings, strongest first, then marks. */
export function tabOrder(
  findings: readonly NamedFinding[],
  shown: Parameters<typeof isListed>[1],
  nMarks: number,
): string[] {
  const visible = findings.filter((finding) => isListed(finding, shown))
  return [
    ...visible.map((finding) => findingKey(finding.finding_id)),
    ...Array.from({ length: nMarks }, (_, i) => markKey(i)),
  ]
}
