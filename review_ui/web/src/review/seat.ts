/**
 * The reviewer's seat: which case is current, which is next, and how a verdict leaves the page.
 *
 * Free of React and of the DOM: server, viewer, clock and storage are passed in. `Dispatch` asks for cases,
 * `Heartbeats` keeps them, `CaseViews` knows what they look like, `Hand` takes the verdict; here is what their
 * answers mean. Invariants:
 * - at most one claim, one prefetch, one heartbeat and one decision are under way;
 * - a decision is sent for the current lease only, and after it was sent nothing more is sent for that lease;
 * - when the next case's view and pixels are here, it is shown in the turn of the event loop in which the
 *   server's answer to the decision arrives.
 */

import { createStore } from 'zustand/vanilla'
import { type CaseRef, CaseViews, isSameCase } from '../api/caseViews'
import { ApiError, isTransient } from '../api/client'
import type { CaseView, DecideIn, HeartbeatOut, LeaseOut, QueueGlance, UiConfig, Verdict } from '../api/types'
import { OPEN } from './decision'
import { Dispatch } from './dispatch'
import { type DraftStore, EMPTY_DRAFT } from './drafts'
import { continuousMs, observe, RESTED } from './fatigue'
import { Hand } from './hand'
import { Heartbeats } from './heartbeats'
import { Link } from './link'
import {
  asTrouble,
  type Clock,
  type Done,
  type HeldLease,
  heldFrom,
  INITIAL,
  isSameLease,
  type Notice,
  type NoticeKind,
  type ReviewApi,
  type ScanPort,
  type SeatState,
  type SeatStore,
  type SeatTimers,
  scanKey,
  scanRef,
} from './seatState'
import { Timers } from './timers'

export interface SeatOptions {
  api: ReviewApi
  drafts: DraftStore
  config: Pick<UiConfig, 'heartbeat_s' | 'remind_after_s' | 'rest_s' | 'reason_codes'>
  clock?: Clock
  undoMs: () => number
  done?: Done[]
  onDone?: (done: Done[]) => void
}

const KEEP_DONE = 30
/** What is said of a case makes no sense beside another one. */
const OF_ONE_CASE: readonly NoticeKind[] = ['needsGrounds', 'sendFailed', 'reasonsChanged', 'draftRestored']
const BROWSER_CLOCK: Clock = { now: () => performance.now(), random: Math.random }

export class Seat {
  readonly store: SeatStore
  readonly hand: Hand
  readonly #o: SeatOptions
  readonly #clock: Clock
  readonly #timers: SeatTimers = new Timers()
  readonly #link: Link
  readonly #views: CaseViews
  readonly #dispatch: Dispatch
  readonly #heartbeats: Heartbeats
  #scans: ScanPort | null = null
  #isStarted = false
  /** A decision was taken and the case after it is not on the screen yet. */
  #isSwitching = false
  #awaitsPaint: string | null = null
  #noticeId = 0
  #isReminded = false

  constructor(options: SeatOptions) {
    const { api, config, done = [], clock = BROWSER_CLOCK } = options
    this.#o = options
    this.#clock = clock
    this.store = createStore<SeatState>(() => ({ ...INITIAL, done }))
    this.#link = new Link(this.store, clock)
    this.#views = new CaseViews({
      fetchView: (caseId, priority) => api.getHeldCase(caseId, priority),
      random: () => clock.random(),
      onView: (view) => this.#viewed(view),
      onFailed: (of, error, waitMs) => this.#viewFailed(of, error, waitMs),
    })
    const parts = { api, clock, timers: this.#timers, link: this.#link }
    this.#dispatch = new Dispatch({
      ...parts,
      wantsCurrent: () => this.#isStarted && this.#get().phase !== 'paused' && this.#get().current === null,
      wantsNext: () => this.#get().current !== null && this.#get().next === null,
      onCurrent: (lease) => this.#show(lease),
      onNext: (lease) => this.#keepNext(lease),
      onEmpty: () => this.#idle({ phase: 'empty' }),
      onRest: (untilMs) => this.#idle({ phase: 'resting', restUntilMs: untilMs }),
      onTrouble: (trouble) => this.#set({ trouble }),
    })
    this.#heartbeats = new Heartbeats({
      ...parts,
      periodMs: config.heartbeat_s * 1000,
      held: () => (this.#isStarted && this.#get().current ? heldLeases(this.#get()) : []),
      onAnswer: (beaten, out) => this.#extended(beaten, out),
    })
    this.hand = new Hand({
      ...options,
      ...parts,
      store: this.store,
      notify: (kind) => this.#notify(kind),
      send: () => void this.#send(),
    })
    // The views follow the leases, whatever happens to these.
    this.store.subscribe((state, before) => {
      if (state.current !== before.current || state.next !== before.next)
        this.#views.hold(heldLeases(state).map(({ lease }) => lease))
    })
  }

  // -- life ---------------------------------------------------------------------------------------------

  start(): void {
    this.#isStarted = true
    this.#set({ phase: 'starting' })
    void this.#dispatch.claim()
  }

  /** Ends all activity of this object. Leases stay with the server: a reload gets the same case again. */
  stop(): void {
    this.#isStarted = false
    this.#timers.clearAll()
    this.#views.hold([])
    this.#set({ phase: 'stopped' })
  }

  /** The viewer is there (or gone): from now on it is told what to show. */
  attachScans(scans: ScanPort | null): void {
    this.#scans = scans
    const { view, next } = this.#get()
    const nextView = next && this.#views.get(next.lease)
    if (view) scans?.show(scanRef(view))
    if (nextView) scans?.prefetch(scanRef(nextView))
  }

  /** Gives both seats back. Marks stay stored in case one of them returns. */
  async pause(): Promise<void> {
    const { phase, decision } = this.#get()
    if (phase === 'paused' || phase === 'stopped' || decision.at === 'sending') return
    if (decision.at === 'undo') this.hand.cancel()
    this.#letGo()
    this.#idle({ phase: 'paused' })
    try {
      await this.#o.api.pauseReview()
      this.#link.reached()
    } catch (error) {
      // Without heartbeats the server takes the cases back by itself.
      this.#notify('pauseFailed', { code: error instanceof ApiError ? error.code : 'unknown' })
    }
  }

  resume(): void {
    if (this.#get().phase !== 'paused') return
    this.#set({ phase: 'starting' })
    void this.#dispatch.claim()
  }

  /** The queue changed, the network came back or the tab is visible again. */
  wake(reason: 'glance' | 'online' | 'visible', glance?: QueueGlance): void {
    const { phase, current, next, isOffline, decision } = this.#get()
    const isGlance = reason === 'glance'
    if (!this.#isStarted || phase === 'paused' || (isGlance && phase === 'resting')) return
    if (!isGlance) {
      if (isOffline && decision.at === 'sending') this.#timers.after('send', 0, () => void this.#send())
      this.#views.retry()
      void this.#heartbeats.beat()
    }
    if (isGlance && (glance?.ready ?? 0) === 0) return
    if (!current && decision.at !== 'sending')
      this.#dispatch.claimSoon(isGlance ? this.#clock.random() * 400 : 0)
    else if (current && !next) this.#dispatch.prefetchSoon(0)
  }

  retryNow(): void {
    this.wake('online')
  }

  dismissNotice(): void {
    this.#set({ notice: null })
  }

  /** The viewer drew a scan. `stage` full means that its own strips are no longer on the wire. The marks are for tests. */
  painted(key: string, stage: 'preview' | 'full'): void {
    if (this.#awaitsPaint === key) {
      this.#awaitsPaint = null
      performance.mark('sx:next-painted')
      performance.measure('sx:switch', 'sx:decide-sent', 'sx:next-painted')
    }
    performance.mark(`sx:painted-${stage}`)
    if (stage !== 'full') return
    const { current, next } = this.#get()
    if (current && scanKey(current.lease) === key && !next) this.#dispatch.prefetchSoon(0)
  }

  // -- cases on the seats -------------------------------------------------------------------------------

  #show(lease: LeaseOut): void {
    const { phase, next: before } = this.#get()
    const draft = this.#o.drafts.load(lease) ?? EMPTY_DRAFT
    const next = before?.lease.case_id === lease.case_id ? null : before
    const view = this.#views.get(lease)
    const nowMs = this.#clock.now()
    if (this.#isSwitching) this.#awaitsPaint = scanKey(lease)
    this.#isSwitching = false
    if (view) this.#scans?.show(scanRef(view))
    else this.#scans?.clear()
    if (phase === 'resting') this.#set({ fatigue: RESTED })
    this.#set({
      phase: 'reviewing',
      current: heldFrom(lease, nowMs),
      view,
      viewTrouble: null,
      next,
      shownAtMs: nowMs,
      draft,
      decision: draft.verdict
        ? { at: 'chosen', verdict: draft.verdict, reasonCodes: draft.reasonCodes }
        : OPEN,
      trouble: null,
    })
    this.#forgetNotice(...OF_ONE_CASE)
    if (draft !== EMPTY_DRAFT && this.#get().notice === null) this.#notify('draftRestored')
    this.#observeFatigue(true)
    this.#heartbeats.later()
    // The pixels of the current case come first; `painted` asks earlier than this when they are there.
    if (!next) this.#dispatch.prefetchSoon(3000)
  }

  #keepNext(lease: LeaseOut): void {
    const { current, next } = this.#get()
    // The answer may be overtaken by a decision that made this very case the current one.
    if (!current || next || current.lease.case_id === lease.case_id) return
    this.#set({ next: heldFrom(lease, this.#clock.now()) })
  }

  #viewed(view: CaseView): void {
    const { current, next } = this.#get()
    if (current && isSameCase(current.lease, view)) {
      this.#scans?.show(scanRef(view))
      this.#set({ view, viewTrouble: null })
    } else if (next && isSameCase(next.lease, view)) this.#scans?.prefetch(scanRef(view))
  }

  #viewFailed(of: CaseRef, error: unknown, waitMs: number): void {
    const { current } = this.#get()
    // Not ours any more? The heartbeat knows.
    if (error instanceof ApiError && error.status === 404) void this.#heartbeats.beat()
    if (!current || !isSameCase(current.lease, of)) return
    this.#set({ viewTrouble: { ...asTrouble(error), retryAtMs: this.#clock.now() + waitMs } })
  }

  /** There is no case to look at for a while. */
  #idle(state: Pick<SeatState, 'phase'> & Partial<SeatState>): void {
    this.#set({ ...state, trouble: null })
    // Whoever has a break need not be reminded of one.
    if (state.phase !== 'empty') this.#forgetNotice('fatigue')
    this.#observeFatigue(false)
  }

  /** Forgets both leases on this side. */
  #letGo(): void {
    const held = heldLeases(this.#get())
    this.#timers.clearAll()
    this.#scans?.clear()
    for (const { lease } of held) this.#scans?.release(scanKey(lease))
    this.#leave({ next: null })
    this.#forgetNotice(...OF_ONE_CASE)
  }

  /** Takes the current case off the screen. */
  #leave(more: Partial<SeatState> = {}): void {
    this.#set({ current: null, view: null, viewTrouble: null, decision: OPEN, draft: EMPTY_DRAFT, ...more })
  }

  // -- decisions ----------------------------------------------------------------------------------------

  async #send(): Promise<void> {
    const { current, decision, draft } = this.#get()
    if (!current || decision.at !== 'sending') return
    performance.mark('sx:decide-sent')
    const body: DecideIn = {
      case_id: current.lease.case_id,
      token: current.lease.token,
      verdict: decision.verdict,
      reason_codes: decision.reasonCodes,
      note: draft.note.trim(),
      annotations: draft.annotations,
      finding_votes: Object.entries(draft.votes).map(([id, accepted]) => ({
        finding_id: Number(id),
        accepted,
      })),
    }
    try {
      const out = await this.#o.api.decide(body)
      this.#link.reached()
      this.#sent(current, body.verdict, out.next)
    } catch (error) {
      this.#sendFailed(error, current, body.verdict, decision.attempt)
    }
  }

  #sent(sent: HeldLease, verdict: Verdict, next: LeaseOut | null): void {
    const { next: kept } = this.#get()
    const wasPrefetched = next !== null && kept?.lease.case_id === next.case_id
    if (kept && !wasPrefetched) this.#scans?.release(scanKey(kept.lease))
    if (!wasPrefetched) this.#set({ next: null })
    const doneEntry = this.#doneEntry(sent, verdict)
    this.#isSwitching = true
    if (next) this.#show(next)
    else {
      this.#scans?.clear()
      this.#leave({ next: null, phase: 'starting' })
      void this.#dispatch.claim()
    }
    this.#scans?.release(scanKey(sent.lease))
    this.#o.drafts.drop(sent.lease)
    this.#remember(doneEntry)
  }

  #doneEntry({ lease }: HeldLease, verdict: Verdict): Done {
    return {
      scanId: lease.scan_id,
      verdict,
      handlingS: (this.#clock.now() - this.#get().shownAtMs) / 1000,
      at: new Date().toISOString(),
    }
  }

  #remember(entry: Done): void {
    const done = [entry, ...this.#get().done].slice(0, KEEP_DONE)
    this.#set({ done })
    this.#o.onDone?.(done)
  }

  #sendFailed(error: unknown, sent: HeldLease, verdict: Verdict, attempt: number): void {
    const { current } = this.#get()
    if (!current || !isSameLease(current.lease, sent.lease)) return
    if (isTransient(error)) {
      const wait = this.#link.lost(error)
      this.hand.step({ type: 'retry' })
      this.#timers.after('send', wait, () => void this.#send())
      return
    }
    const code = error instanceof ApiError ? error.code : 'unknown'
    if (error instanceof ApiError && error.status === 409) {
      // After a lost answer, "already decided" is that answer.
      if (code === 'already_decided' && attempt > 1) this.#sent(sent, verdict, null)
      else this.#lost(code === 'already_decided' ? 'alreadyDecided' : 'leaseLost')
      return
    }
    this.hand.step({ type: 'refused' })
    if (error instanceof ApiError && error.status === 401) return
    this.#notify(code === 'reason_code_unknown' ? 'reasonsChanged' : 'sendFailed', asTrouble(error))
  }

  /** The current lease is gone. Its draft stays stored; work goes on with the next case. */
  #lost(kind: 'leaseLost' | 'alreadyDecided'): void {
    const { current, next } = this.#get()
    if (!current) return
    const { lease } = current
    this.#timers.clear('undo', 'send')
    if (kind === 'alreadyDecided') this.#o.drafts.drop(lease)
    if (!next) this.#scans?.clear()
    this.#scans?.release(scanKey(lease))
    this.#leave({ phase: 'starting' })
    this.#notify(kind, { scanId: lease.scan_id })
    void this.#dispatch.claim()
  }

  /** Only leases that are still the same (case and token) are touched: a decision may have overtaken the answer. */
  #extended(beaten: HeldLease[], out: HeartbeatOut): void {
    const expiresAtMs = this.#clock.now() + out.ttl_s * 1000
    const isBeaten = (seat: HeldLease | null) =>
      seat !== null && beaten.some(({ lease }) => isSameLease(lease, seat.lease))
    const { current, next, decision } = this.#get()
    if (next && isBeaten(next)) {
      const isLost = out.lost.includes(next.lease.case_id)
      if (isLost) this.#scans?.release(scanKey(next.lease))
      this.#set({ next: isLost ? null : { ...next, expiresAtMs } })
      if (isLost) this.#dispatch.prefetchSoon(0)
    }
    if (!current || !isBeaten(current)) return
    if (!out.lost.includes(current.lease.case_id)) this.#set({ current: { ...current, expiresAtMs } })
    else if (decision.at !== 'sending') this.#lost('leaseLost')
  }

  // -- odds and ends ------------------------------------------------------------------------------------

  #observeFatigue(isReviewing: boolean): void {
    const { remind_after_s, rest_s } = this.#o.config
    const nowMs = this.#clock.now()
    const fatigue = observe(this.#get().fatigue, isReviewing, nowMs, rest_s * 1000)
    this.#set({ fatigue })
    const isLong = remind_after_s > 0 && continuousMs(fatigue, nowMs) >= remind_after_s * 1000
    if (!isLong) this.#isReminded = false
    else if (isReviewing && !this.#isReminded) {
      this.#isReminded = true
      this.#notify('fatigue')
    }
  }

  #notify(kind: NoticeKind, more: Partial<Notice> = {}): void {
    this.#noticeId += 1
    this.#set({
      notice: { id: this.#noticeId, kind, scanId: more.scanId, code: more.code, detail: more.detail },
    })
  }

  #forgetNotice(...kinds: NoticeKind[]): void {
    const { notice } = this.#get()
    if (notice && kinds.includes(notice.kind)) this.dismissNotice()
  }

  #get(): SeatState {
    return this.store.getState()
  }

  #set(patch: Partial<SeatState>): void {
    this.store.setState(patch)
  }
}

function heldLeases({ current, next }: Pick<SeatState, 'current' | 'next'>): HeldLease[] {
  return [current, next].filter((lease) => lease !== null)
}
