/**
 * How a verdict comes about, as a pure state machine.
 *
 *     open ──choose──▶ chosen ──confirm──▶ undo ──time is up / confirm──▶ sending ──▶ (next case: open)
 *       ▲────cancel──────┘ ▲─────cancel──────┘                               │
 *                          └──────────────────────refused────────────────────┘
 *
 * Nothing is sent from `open`, `chosen` or `undo`. From `sending` there is no way back but a refusal by the
 * server, since the decision may already be recorded.
 */

import type { ReasonCode, Verdict } from '../api/types'

export type DecisionState =
  | { at: 'open' }
  | { at: 'chosen'; verdict: Verdict; reasonCodes: string[] }
  | { at: 'undo'; verdict: Verdict; reasonCodes: string[]; endsAtMs: number }
  | { at: 'sending'; verdict: Verdict; reasonCodes: string[]; attempt: number }

export type DecisionEvent =
  | { type: 'choose'; verdict: Verdict; offered: readonly ReasonCode[] }
  | { type: 'toggleReason'; code: string }
  | { type: 'confirm'; nowMs: number; undoMs: number }
  | { type: 'tick'; nowMs: number }
  | { type: 'cancel' }
  | { type: 'retry' }
  | { type: 'refused' }

export const OPEN: DecisionState = { at: 'open' }

/** The state after an event; the same object when the event means nothing here. */
export function step(state: DecisionState, event: DecisionEvent): DecisionState {
  switch (event.type) {
    case 'choose':
      return choose(state, event.verdict, event.offered)
    case 'toggleReason':
      return state.at === 'chosen' ? { ...state, reasonCodes: toggled(state.reasonCodes, event.code) } : state
    case 'confirm':
      return confirm(state, event.nowMs, event.undoMs)
    case 'tick':
      return state.at === 'undo' && event.nowMs >= state.endsAtMs ? sending(state) : state
    case 'cancel':
      return cancel(state)
    case 'retry':
      return state.at === 'sending' ? { ...state, attempt: state.attempt + 1 } : state
    case 'refused':
      return state.at === 'sending' ? chosen(state) : state
  }
}

type WithVerdict = Exclude<DecisionState, { at: 'open' }>

function chosen({ verdict, reasonCodes }: WithVerdict): DecisionState {
  return { at: 'chosen', verdict, reasonCodes }
}

function sending({ verdict, reasonCodes }: WithVerdict): DecisionState {
  return { at: 'sending', verdict, reasonCodes, attempt: 1 }
}

function choose(state: DecisionState, verdict: Verdict, offered: readonly ReasonCode[]): DecisionState {
  if (state.at === 'undo' || state.at === 'sending') return state
  const kept = state.at === 'chosen' ? state.reasonCodes : []
  const allowed = new Set(reasonsFor(verdict, offered).map((reason) => reason.code))
  return { at: 'chosen', verdict, reasonCodes: kept.filter((code) => allowed.has(code)) }
}

function confirm(state: DecisionState, nowMs: number, undoMs: number): DecisionState {
  if (state.at === 'undo') return sending(state)
  if (state.at !== 'chosen') return state
  return undoMs > 0 ? { ...state, at: 'undo', endsAtMs: nowMs + undoMs } : sending(state)
}

function cancel(state: DecisionState): DecisionState {
  if (state.at === 'undo') return chosen(state)
  return state.at === 'chosen' ? OPEN : state
}

function toggled(codes: readonly string[], code: string): string[] {
  return codes.includes(code) ? codes.filter((other) => other !== code) : [...codes, code]
}

/** The reasons offered for a verdict, in the server's order. */
export function reasonsFor(verdict: Verdict, offered: readonly ReasonCode[]): ReasonCode[] {
  return offered.filter((reason) => reason.verdicts.includes(verdict))
}

/** The verdicts of a stage: a supervisor has nobody above to escalate to. */
export function verdictsAt(stage: number): Verdict[] {
  return stage === 3 ? ['release', 'inspect', 'rescan'] : ['release', 'inspect', 'escalate', 'rescan']
}

export interface Grounds {
  reasonCodes: readonly string[]
  note: string
  nAnnotations: number
  nAccepted: number
}

/** A release needs no grounds; every other verdict needs a reason, a note, a mark or an accepted finding. */
export function needsGrounds(verdict: Verdict, grounds: Grounds, offered: readonly ReasonCode[]): boolean {
  if (verdict === 'release' || reasonsFor(verdict, offered).length === 0) return false
  const { reasonCodes, note, nAnnotations, nAccepted } = grounds
  return reasonCodes.length === 0 && note.trim() === '' && nAnnotations === 0 && nAccepted === 0
}
