/**
 * The reviewer's hand on the current case: verdict, reasons, note, marks and votes.
 *
 * Every change is stored before anything else happens with it, and nothing is decided whose view is not on the
 * screen. What is confirmed and not taken back in time is sent by the seat.
 */

import type { Annotation, ReasonCode, UiConfig, Verdict } from '../api/types'
import { type DecisionEvent, needsGrounds, step, verdictsAt } from './decision'
import type { Draft, DraftStore } from './drafts'
import { MarkHistory, type Marks } from './markHistory'
import type { Clock, NoticeKind, SeatState, SeatStore, SeatTimers } from './seatState'

export interface HandOptions {
  store: SeatStore
  drafts: DraftStore
  config: Pick<UiConfig, 'reason_codes'>
  clock: Clock
  timers: SeatTimers
  undoMs: () => number
  notify: (kind: NoticeKind) => void
  /** The decision is now `sending`. */
  send: () => void
}

export class Hand {
  readonly #o: HandOptions
  readonly #history = new MarkHistory()
  #offered: readonly ReasonCode[]

  constructor(options: HandOptions) {
    this.#o = options
    this.#offered = options.config.reason_codes
  }

  /** Takes over the reasons of another policy; those of the verdict at hand that are gone are dropped. */
  offer(reasonCodes: readonly ReasonCode[]): void {
    this.#offered = reasonCodes
    const { decision } = this.#get()
    if (decision.at === 'chosen') this.choose(decision.verdict)
  }

  choose(verdict: Verdict): void {
    const { view } = this.#get()
    if (!view || !verdictsAt(view.stage).includes(verdict)) return
    this.step({ type: 'choose', verdict, offered: this.#offered })
  }

  toggleReason(code: string): void {
    this.step({ type: 'toggleReason', code })
  }

  /** Starts the undo window; a second time ends it at once. */
  confirm(): void {
    const { view, decision } = this.#get()
    if (!view || (decision.at === 'chosen' && !this.#hasGrounds(decision.verdict))) return
    this.step({ type: 'confirm', nowMs: this.#o.clock.now(), undoMs: this.#o.undoMs() })
    const after = this.#get().decision
    if (after.at === 'undo') {
      this.#o.timers.after('undo', after.endsAtMs - this.#o.clock.now(), () => this.#endUndo())
    } else if (after !== decision && after.at === 'sending') this.#send()
  }

  cancel(): void {
    this.#o.timers.clear('undo')
    this.step({ type: 'cancel' })
  }

  setNote(note: string): void {
    this.#edit({ note })
  }

  vote(findingId: number, accepted: boolean): void {
    const { [findingId]: before, ...others } = this.#get().draft.votes
    this.#mark({ votes: before === accepted ? others : { ...others, [findingId]: accepted } })
  }

  annotate(annotation: Annotation): void {
    this.#mark({ annotations: [...this.#get().draft.annotations, annotation] })
  }

  changeAnnotation(index: number, patch: Partial<Annotation>): void {
    const { annotations } = this.#get().draft
    const changed = annotations.map((one, i) => (i === index ? { ...one, ...patch } : one))
    this.#mark({ annotations: changed }, `${Object.keys(patch)}:${index}`)
  }

  removeAnnotation(index: number): void {
    this.#mark({ annotations: this.#get().draft.annotations.filter((_, i) => i !== index) })
  }

  /** Takes back the last change to marks and votes of this case. */
  undoMark(): void {
    this.#restore(this.#ownHistory()?.undo(this.#get().draft))
  }

  redoMark(): void {
    this.#restore(this.#ownHistory()?.redo(this.#get().draft))
  }

  step(event: DecisionEvent): void {
    const { current, decision } = this.#get()
    if (!current) return
    const after = step(decision, event)
    if (after === decision) return
    this.#o.store.setState({ decision: after })
    if (after.at === 'open') this.#edit({ verdict: null, reasonCodes: [] })
    if (after.at === 'chosen') this.#edit({ verdict: after.verdict, reasonCodes: after.reasonCodes })
  }

  #hasGrounds(verdict: Verdict): boolean {
    const { decision, draft } = this.#get()
    const grounds = {
      reasonCodes: decision.at === 'open' ? [] : decision.reasonCodes,
      note: draft.note,
      nAnnotations: draft.annotations.length,
      nAccepted: Object.values(draft.votes).filter(Boolean).length,
    }
    const lacks = needsGrounds(verdict, grounds, this.#offered)
    if (lacks) this.#o.notify('needsGrounds')
    return !lacks
  }

  #endUndo(): void {
    this.step({ type: 'tick', nowMs: Number.POSITIVE_INFINITY })
    if (this.#get().decision.at === 'sending') this.#send()
  }

  #send(): void {
    this.#o.timers.clear('undo')
    this.#o.send()
  }

  /** Changes marks or votes so that it can be undone; changes in a row with the same tag are one. */
  #mark(patch: Partial<Marks>, tag: string | null = null): void {
    const { draft, decision } = this.#get()
    if (decision.at === 'sending') return
    this.#ownHistory()?.push({ annotations: draft.annotations, votes: draft.votes }, tag)
    this.#edit(patch)
  }

  #restore(marks: Marks | null | undefined): void {
    if (marks) this.#edit({ annotations: marks.annotations, votes: marks.votes })
  }

  /** The history of the case on the screen. */
  #ownHistory(): MarkHistory | null {
    const { current } = this.#get()
    if (!current) return null
    this.#history.open(`${current.lease.case_id}:${current.lease.token}`)
    return this.#history
  }

  #edit(patch: Partial<Draft>): void {
    const { current, draft, decision } = this.#get()
    if (!current || decision.at === 'sending') return
    const after = { ...draft, ...patch }
    this.#o.drafts.save(current.lease, after)
    this.#o.store.setState({ draft: after })
  }

  #get(): SeatState {
    return this.#o.store.getState()
  }
}
