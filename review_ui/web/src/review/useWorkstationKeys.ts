/** What each key does at the workstation. */

import type { Verdict } from '../api/types'
import type { ActionId, KeyMode } from '../keys/keymap'
import { useKeys } from '../keys/useKeys'
import {
  findingIdOf,
  findingKey,
  hideForNextKind,
  isListed,
  kindsOf,
  markIndexOf,
  markKey,
  neighbour,
} from '../pane/overlays'
import { usePane } from '../pane/PaneContext'
import type { Pane } from '../pane/pane'
import { runPaneAction } from '../pane/paneActions'
import { type Part, usePopOut } from '../shell/popOut'
import { elementById, focusElement } from '../shell/windows'
import type { Box } from '../viewer'
import { comparableWith, useCompare } from './compareState'
import { reasonsFor } from './decision'
import { type Desk, useDesk, useSeatState } from './SeatContext'
import { useSidePanel } from './sidePanelState'
import { findingsOf, tabOrder } from './useOverlays'

const VERDICTS: Partial<Record<ActionId, Verdict>> = {
  release: 'release',
  inspect: 'inspect',
  escalate: 'escalate',
  rescan: 'rescan',
}

export function useWorkstationKeys(onHelp: (place: Window) => void): void {
  const desk = useDesk()
  const pane = usePane()
  const mode = useSeatState(({ decision }): KeyMode => {
    if (decision.at === 'undo' || decision.at === 'sending') return 'undo'
    return decision.at
  })
  useKeys(mode, (action, place) => {
    if (action === 'help') onHelp(place)
    else if (action === 'focusPanel') toggleFocus(pane, place)
    else return act(action, desk, pane)
    return true
  })
}

/** Runs an action; false when it means nothing now, so that the browser may have the key. */
function act(action: ActionId, desk: Desk, pane: Pane): boolean {
  const { seat } = desk
  const { phase, view } = seat.store.getState()
  if (action === 'pause') {
    if (phase === 'paused') seat.resume()
    else void seat.pause()
    return true
  }
  if (action === 'nextTab') useSidePanel.getState().nextTab()
  else if (action === 'popImage') popOut('image', pane)
  else if (action === 'popPanel') popOut('panel', pane)
  else if (!view) return false
  else if (compare(action, comparableWith(view).n > 0)) return true
  else return decide(action, desk) || mark(action, desk, pane) || runPaneAction(pane, action)
  return true
}

function compare(action: ActionId, hasPictures: boolean): boolean {
  const { beside, index, toggle, toggleLink, toggleHeading, choose } = useCompare.getState()
  if (action === 'compare' && hasPictures) toggle('container')
  else if (action === 'lookalikes') toggle('lookalikes')
  else if (beside === null) return false
  else if (action === 'linkViews') toggleLink()
  else if (action === 'nextSource') choose(index + 1)
  else if (action === 'previousSource') choose(index - 1)
  else if (action === 'sameHeading' && beside === 'lookalikes') toggleHeading()
  else return false
  return true
}

function decide(action: ActionId, { seat, config }: Desk): boolean {
  const { decision } = seat.store.getState()
  const verdict = VERDICTS[action]
  const reason = /^reason(\d+)$/.exec(action)
  if (verdict) seat.hand.choose(verdict)
  else if (action === 'confirm') seat.hand.confirm()
  else if (action === 'takeBack') seat.hand.cancel()
  else if (action === 'note') focusById('sx-note')
  else if (reason && decision.at === 'chosen') {
    const offered = reasonsFor(decision.verdict, config.reason_codes)[Number(reason[1]) - 1]
    if (offered) seat.hand.toggleReason(offered.code)
  } else return false
  return true
}

function mark(action: ActionId, { seat }: Desk, pane: Pane): boolean {
  const { draft, decision } = seat.store.getState()
  const selected = pane.store.getState().selected
  const markIndex = markIndexOf(selected)
  switch (action) {
    case 'cancel':
      cancel(seat, pane)
      return true
    case 'nextFinding':
      go(seat, pane, 1)
      return true
    case 'previousFinding':
      go(seat, pane, -1)
      return true
    case 'nextKind':
      pane.hideKinds(
        hideForNextKind(kindsOf(findingsOf(seat.store.getState().view)), pane.store.getState().hiddenKinds),
      )
      return true
    case 'acceptFinding':
    case 'rejectFinding':
      vote(seat, pane, action === 'acceptFinding')
      return true
    case 'removeMark':
      if (markIndex === null) return false
      seat.hand.removeAnnotation(markIndex)
      pane.select(null)
      return true
    case 'undoMark':
      if (decision.at === 'undo') seat.hand.cancel()
      else seat.hand.undoMark()
      return true
    case 'redoMark':
      seat.hand.redoMark()
      return true
    case 'markKind':
      focusById(`sx-kind-${markIndex ?? draft.annotations.length - 1}`)
      return true
    default:
      return editMark(action, seat, pane, markIndex)
  }
}

const NUDGES: Partial<Record<ActionId, { right?: number; down?: number; factor?: number }>> = {
  markLeft: { right: -1 },
  markRight: { right: 1 },
  markUp: { down: -1 },
  markDown: { down: 1 },
  growMark: { factor: 1.15 },
  shrinkMark: { factor: 1 / 1.15 },
}

/** Draws and edits boxes without a mouse. */
function editMark(action: ActionId, seat: Desk['seat'], pane: Pane, index: number | null): boolean {
  if (action === 'addMark') {
    const box = pane.middleBox()
    if (box) pane.listeners.boxDrawn?.(box)
    return true
  }
  const nudge = NUDGES[action]
  const mark = index === null ? undefined : seat.store.getState().draft.annotations[index]
  if (!nudge || index === null || !mark) return false
  seat.hand.changeAnnotation(index, { box: pane.nudged(mark.box as Box, nudge) })
  return true
}

/** Esc takes back one thing at a time: the sending, the tool, the selection, the verdict. */
function cancel(seat: Desk['seat'], pane: Pane): void {
  const { decision } = seat.store.getState()
  const { tool, selected, measurement } = pane.store.getState()
  if (decision.at === 'undo') seat.hand.cancel()
  else if (tool !== 'pan') pane.setTool('pan')
  else if (decision.at === 'chosen') seat.hand.cancel()
  else if (selected) pane.select(null)
  else if (measurement) pane.store.setState({ measurement: null })
}

function go(seat: Desk['seat'], pane: Pane, step: 1 | -1): void {
  const { view, draft } = seat.store.getState()
  const shown = pane.store.getState()
  const findings = findingsOf(view)
  const key = neighbour(tabOrder(findings, shown, draft.annotations.length), shown.selected, step)
  const box =
    findings.find((finding) => findingKey(finding.finding_id) === key)?.box ??
    draft.annotations.find((_, index) => markKey(index) === key)?.box
  pane.select(key, box)
}

/** Votes on the selected finding; with none selected, on the strongest without a vote. */
function vote(seat: Desk['seat'], pane: Pane, accepted: boolean): void {
  const { view, draft } = seat.store.getState()
  const shown = pane.store.getState()
  const findings = findingsOf(view).filter((finding) => isListed(finding, shown))
  const id = findingIdOf(shown.selected)
  const finding =
    id !== null
      ? findings.find((other) => other.finding_id === id)
      : findings.find((other) => draft.votes[other.finding_id] === undefined)
  if (!finding) return
  seat.hand.vote(finding.finding_id, accepted)
  if (id === null) pane.select(findingKey(finding.finding_id), finding.box)
}

/** From the panel to the image, from anywhere else to the panel; each may be in another window. */
function toggleFocus(pane: Pane, place: Window): void {
  const panel = elementById('sx-panel')
  const first = panel?.querySelector<HTMLElement>('button:not([disabled]), [tabindex="0"]')
  if (panel?.contains(place.document.activeElement)) pane.focusHost()
  else if (first) focusElement(first)
}

function focusById(id: string): void {
  const element = elementById(id)
  if (element) focusElement(element)
}

function popOut(part: Part, pane: Pane): void {
  usePopOut.getState().toggle(part)
  pane.focusHost()
}
