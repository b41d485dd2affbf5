/**
 * The reviewer's seat: which case is current, which is next, and how a verdict leaves the page.
 *
 * Free of React and of the DOM: server, viewer, clock and storage are passed in. Invariants:
 * - at most one claim, one prefetch, one heartbeat and one decision are under way;
 * - a decision is sent for the current lease only, and after it was sent nothing more is sent for that lease;
 * - every change of the draft is stored before anything else happens with it;
 * - when the next case's pixels are here, it is shown in the turn of the event loop in which the server's
 *   answer to the decision arrives.
 */

import { createStore, type StoreApi } from 'zustand/vanilla'
import { ApiError, isTransient } from '../api/client'
import type {
  Annotation,
  DecideIn,
  DecideOut,
  HeartbeatOut,
  LeaseOut,
  LeaseRef,
  QueueGlance,
  UiConfig,
  Verdict,
} from '../api/types'
import type { ScanRef } from '../viewer'
import { backoffMs } from './backoff'
import { type DecisionEvent, type DecisionState, needsGrounds, OPEN, step, verdictsAt } from './decision'
import { type Draft, type DraftStore, EMPTY_DRAFT } from './drafts'
import { continuousMs, FATIGUE_LIMIT_MS, type FatigueClock, observe, RESTED } from './fatigue'

export interface ReviewApi {
  claimNext(): Promise<LeaseOut | null>
  prefetchNext(): Promise<LeaseOut | null>
  decide(body: DecideIn): Promise<DecideOut>
  heartbeat(leases: LeaseRef[]): Promise<HeartbeatOut>
  pauseReview(): Promise<unknown>
}

export interface ScanPort {
  show(scan: ScanRef): void
  prefetch(scan: ScanRef): void
  release(key: string): void
  clear(): void
}

export interface Clock {
  /** Milliseconds that never go back. */
  now(): number
  random(): number
}

/** A lease with the page's own times, since only durations come from the server. */
export interface HeldLease {
  lease: LeaseOut
  expiresAtMs: number
  dueAtMs: number
}

/** What was decided in this tab, newest first. */
export interface Done {
  scanId: string
  containerNo: string | null
  verdict: Verdict
  handlingS: number
  at: string
}

export type Phase = 'starting' | 'reviewing' | 'empty' | 'paused' | 'stopped'

export type NoticeKind =
  | 'leaseLost'
  | 'alreadyDecided'
  | 'draftRestored'
  | 'needsGrounds'
  | 'sendFailed'
  | 'pauseFailed'
  | 'fatigue'
export interface Notice {
  id: number
  kind: NoticeKind
  scanId?: string
  code?: string
  detail?: string
}

export interface SeatState {
  phase: Phase
  current: HeldLease | null
  next: HeldLease | null
  shownAtMs: number
  decision: DecisionState
  draft: Draft
  /** When the next try is due while the server cannot be reached, else null. */
  retryAtMs: number | null
  isOffline: boolean
  /** An answer of the server that the page cannot act on, while no case is on the screen. */
  trouble: { status: number; code: string; detail: string } | null
  notice: Notice | null
  done: Done[]
  fatigue: FatigueClock
}

export interface SeatOptions {
  api: ReviewApi
  drafts: DraftStore
  config: Pick<UiConfig, 'heartbeat_s' | 'reason_codes'>
  clock?: Clock
  undoMs: () => number
  done?: Done[]
  onDone?: (done: Done[]) => void
}

const POLL_MS = 15_000
const MIN_CLAIM_GAP_MS = 2_000
const KEEP_DONE = 30

export const scanKey = (lease: Pick<LeaseOut, 'case_id'>): string => String(lease.case_id)

export function scanRef(lease: LeaseOut): ScanRef {
  const { bit_depth, pixel_pitch_mm, levels } = lease.scan
  return { key: scanKey(lease), bit_depth, pixel_pitch_mm, levels }
}

const BROWSER_CLOCK: Clock = { now: () => performance.now(), random: Math.random }

type Timer = ReturnType<typeof setTimeout>
type TimerName = 'claim' | 'prefetch' | 'heartbeat' | 'undo' | 'send'

export class Seat {
  readonly store: StoreApi<SeatState>
  readonly #o: SeatOptions
  readonly #clock: Clock
  #scans: ScanPort | null = null
  readonly #timers = new Map<TimerName, Timer>()
  #isClaiming = false
  #isPrefetching = false
  #isBeating = false
  #isStarted = false
  #tries = 0
  #emptyClaims = 0
  #claimDueMs = 0
  #lastClaimMs = Number.NEGATIVE_INFINITY
  #lastPrefetchMs = Number.NEGATIVE_INFINITY
  /** A decision was taken and the case after it is not on the screen yet. */
  #isSwitching = false
  #awaitsPaint: string | null = null
  #noticeId = 0
  #isTired = false

  constructor(options: SeatOptions) {
    this.#o = options
    this.#clock = options.clock ?? BROWSER_CLOCK
    this.store = createStore<SeatState>(() => ({
      phase: 'starting',
      current: null,
      next: null,
      shownAtMs: 0,
      decision: OPEN,
      draft: EMPTY_DRAFT,
      retryAtMs: null,
      isOffline: false,
      trouble: null,
      notice: null,
      done: options.done ?? [],
      fatigue: RESTED,
    }))
  }

  // -- life ---------------------------------------------------------------------------------------------

  start(): void {
    this.#isStarted = true
    this.#set({ phase: 'starting' })
    void this.#claim()
  }

  /** Ends all activity of this object. Leases stay with the server: a reload gets the same case again. */
  stop(): void {
    this.#isStarted = false
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#set({ phase: 'stopped' })
  }

  /** The viewer is there (or gone): from now on it is told what to show. */
  attachScans(scans: ScanPort | null): void {
    this.#scans = scans
    const { current, next } = this.store.getState()
    if (!scans) return
    if (current) scans.show(scanRef(current.lease))
    if (next) scans.prefetch(scanRef(next.lease))
  }

  /** Gives both seats back. Marks stay stored in case one of them returns. */
  async pause(): Promise<void> {
    const { phase, decision } = this.store.getState()
    if (phase === 'paused' || phase === 'stopped' || decision.at === 'sending') return
    if (decision.at === 'undo') this.cancel()
    this.#letGo()
    this.#set({ phase: 'paused', trouble: null })
    this.#observeFatigue(false)
    try {
      await this.#o.api.pauseReview()
      this.#reached()
    } catch (error) {
      // Without heartbeats the server takes the cases back by itself.
      this.#notify('pauseFailed', { code: error instanceof ApiError ? error.code : 'unknown' })
    }
  }

  resume(): void {
    if (this.store.getState().phase !== 'paused') return
    this.#set({ phase: 'starting' })
    void this.#claim()
  }

  /** The queue changed, the network came back or the tab is visible again. */
  wake(reason: 'glance' | 'online' | 'visible', glance?: QueueGlance): void {
    const { phase, current, next, isOffline, decision } = this.store.getState()
    if (!this.#isStarted || phase === 'paused') return
    if (reason !== 'glance') {
      if (isOffline && decision.at === 'sending') this.#after('send', 0, () => void this.#send())
      void this.#beat()
    }
    const hasWork = reason !== 'glance' || (glance?.ready ?? 0) > 0
    if (!hasWork) return
    if (!current && decision.at !== 'sending')
      this.#claimSoon(reason === 'glance' ? this.#clock.random() * 400 : 0)
    else if (current && !next) this.#prefetchSoon(0)
  }

  retryNow(): void {
    this.wake('online')
  }

  // -- the reviewer's hand ------------------------------------------------------------------------------

  choose(verdict: Verdict): void {
    const { current } = this.store.getState()
    if (!current || !verdictsAt(current.lease.stage).includes(verdict)) return
    this.#step({ type: 'choose', verdict, offered: this.#o.config.reason_codes })
  }

  toggleReason(code: string): void {
    this.#step({ type: 'toggleReason', code })
  }

  setNote(note: string): void {
    this.#edit({ note })
  }

  /** Starts the undo window; a second time ends it at once. */
  confirm(): void {
    const { decision, draft, current } = this.store.getState()
    if (!current || (decision.at !== 'chosen' && decision.at !== 'undo')) return
    if (decision.at === 'chosen') {
      const grounds = {
        reasonCodes: decision.reasonCodes,
        note: draft.note,
        nAnnotations: draft.annotations.length,
        nAccepted: Object.values(draft.votes).filter(Boolean).length,
      }
      if (needsGrounds(decision.verdict, grounds, this.#o.config.reason_codes)) {
        this.#notify('needsGrounds')
        return
      }
    }
    this.#step({ type: 'confirm', nowMs: this.#clock.now(), undoMs: this.#o.undoMs() })
    const after = this.store.getState().decision
    if (after.at === 'sending') void this.#send()
    if (after.at === 'undo') {
      this.#after('undo', after.endsAtMs - this.#clock.now(), () => this.#endUndo())
    }
  }

  cancel(): void {
    this.#clear('undo')
    this.#step({ type: 'cancel' })
  }

  vote(findingId: number, accepted: boolean): void {
    const { [findingId]: before, ...others } = this.store.getState().draft.votes
    this.#edit({ votes: before === accepted ? others : { ...others, [findingId]: accepted } })
  }

  annotate(annotation: Annotation): void {
    this.#edit({ annotations: [...this.store.getState().draft.annotations, annotation] })
  }

  changeAnnotation(index: number, patch: Partial<Annotation>): void {
    const annotations = this.store
      .getState()
      .draft.annotations.map((annotation, i) => (i === index ? { ...annotation, ...patch } : annotation))
    this.#edit({ annotations })
  }

  removeAnnotation(index: number): void {
    this.#edit({ annotations: this.store.getState().draft.annotations.filter((_, i) => i !== index) })
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
    if (stage !== 'full') return
    performance.mark('sx:painted-full')
    const { current, next } = this.store.getState()
    if (current && scanKey(current.lease) === key && !next) this.#prefetchSoon(0)
  }

  // -- claims -------------------------------------------------------------------------------------------

  #claimSoon(delayMs: number): void {
    // Work that is there but not for this reviewer must not turn every glance into a claim.
    const gap = Math.min(MIN_CLAIM_GAP_MS * 2 ** this.#emptyClaims, POLL_MS)
    const atMs = Math.max(this.#clock.now() + delayMs, this.#lastClaimMs + gap)
    if (this.#timers.has('claim') && this.#claimDueMs <= atMs) return
    this.#claimAt(atMs)
  }

  #claimAt(atMs: number): void {
    this.#claimDueMs = atMs
    this.#after('claim', atMs - this.#clock.now(), () => void this.#claim())
  }

  async #claim(): Promise<void> {
    if (this.#isClaiming || !this.#isStarted) return
    this.#clear('claim')
    this.#isClaiming = true
    this.#lastClaimMs = this.#clock.now()
    try {
      const lease = await this.#o.api.claimNext()
      this.#reached()
      if (!this.#mayShow()) return
      if (lease) this.#show(lease)
      else this.#wait()
    } catch (error) {
      if (this.#mayShow()) this.#claimFailed(error)
    } finally {
      this.#isClaiming = false
    }
  }

  #mayShow(): boolean {
    const { phase, current } = this.store.getState()
    return this.#isStarted && phase !== 'paused' && phase !== 'stopped' && current === null
  }

  #wait(): void {
    this.#set({ phase: 'empty', trouble: null })
    this.#observeFatigue(false)
    this.#emptyClaims += 1
    this.#claimAt(this.#clock.now() + POLL_MS * (0.8 + 0.4 * this.#clock.random()))
  }

  #claimFailed(error: unknown): void {
    if (isTransient(error)) {
      this.#claimAt(this.#clock.now() + this.#lostTouch(error))
      return
    }
    if (error instanceof ApiError && error.status === 401) return
    this.#set({ trouble: asTrouble(error) })
    this.#claimAt(this.#clock.now() + POLL_MS)
  }

  #show(lease: LeaseOut): void {
    const before = this.store.getState()
    const draft = this.#o.drafts.load(lease) ?? EMPTY_DRAFT
    const next = before.next?.lease.case_id === lease.case_id ? null : before.next
    const nowMs = this.#clock.now()
    this.#emptyClaims = 0
    if (this.#isSwitching) this.#awaitsPaint = scanKey(lease)
    this.#isSwitching = false
    this.#scans?.show(scanRef(lease))
    this.#set({
      phase: 'reviewing',
      current: held(lease, nowMs),
      next,
      shownAtMs: nowMs,
      draft,
      decision: draft.verdict
        ? { at: 'chosen', verdict: draft.verdict, reasonCodes: draft.reasonCodes }
        : OPEN,
      trouble: null,
    })
    this.#forgetCaseNotice()
    if (draft !== EMPTY_DRAFT && this.store.getState().notice === null) this.#notify('draftRestored')
    this.#observeFatigue(true)
    this.#beatLater()
    // The pixels of the current case come first; `painted` asks earlier than this when they are there.
    if (!next) this.#prefetchSoon(3000)
  }

  /** Forgets both leases on this side. */
  #letGo(): void {
    const { current, next } = this.store.getState()
    for (const name of ['undo', 'send', 'prefetch', 'heartbeat', 'claim'] as const) this.#clear(name)
    this.#scans?.clear()
    for (const lease of [current, next]) if (lease) this.#scans?.release(scanKey(lease.lease))
    this.#set({ current: null, next: null, decision: OPEN, draft: EMPTY_DRAFT })
    this.#forgetCaseNotice()
  }

  // -- the next case ------------------------------------------------------------------------------------

  #prefetchSoon(delayMs: number): void {
    const wait = Math.max(delayMs, this.#lastPrefetchMs + MIN_CLAIM_GAP_MS - this.#clock.now())
    this.#after('prefetch', wait, () => void this.#prefetch())
  }

  async #prefetch(): Promise<void> {
    const { current, next } = this.store.getState()
    if (this.#isPrefetching || !current || next) return
    this.#isPrefetching = true
    this.#lastPrefetchMs = this.#clock.now()
    try {
      const lease = await this.#o.api.prefetchNext()
      this.#reached()
      if (lease) this.#keepNext(lease)
      else this.#after('prefetch', POLL_MS, () => void this.#prefetch())
    } catch (error) {
      const wait = isTransient(error) ? this.#lostTouch(error) : POLL_MS
      this.#after('prefetch', wait, () => void this.#prefetch())
    } finally {
      this.#isPrefetching = false
    }
  }

  #keepNext(lease: LeaseOut): void {
    const { current, next } = this.store.getState()
    // The answer may be overtaken by a decision that made this very case the current one.
    if (!current || next || current.lease.case_id === lease.case_id) return
    this.#set({ next: held(lease, this.#clock.now()) })
    this.#scans?.prefetch(scanRef(lease))
  }

  // -- decisions ----------------------------------------------------------------------------------------

  #endUndo(): void {
    this.#step({ type: 'tick', nowMs: Number.POSITIVE_INFINITY })
    if (this.store.getState().decision.at === 'sending') void this.#send()
  }

  async #send(): Promise<void> {
    const { current, decision, draft } = this.store.getState()
    if (!current || decision.at !== 'sending') return
    this.#clear('undo')
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
      this.#reached()
      this.#sent(current, body.verdict, out.next)
    } catch (error) {
      this.#sendFailed(error, current, body.verdict, decision.attempt)
    }
  }

  #sent(sent: HeldLease, verdict: Verdict, next: LeaseOut | null): void {
    const { next: kept } = this.store.getState()
    const wasPrefetched = next !== null && kept?.lease.case_id === next.case_id
    if (kept && !wasPrefetched) this.#scans?.release(scanKey(kept.lease))
    if (!wasPrefetched) this.#set({ next: null })
    const doneEntry = this.#doneEntry(sent, verdict)
    this.#isSwitching = true
    if (next) this.#show(next)
    else {
      this.#scans?.clear()
      this.#set({ current: null, next: null, phase: 'starting', decision: OPEN, draft: EMPTY_DRAFT })
      void this.#claim()
    }
    this.#scans?.release(scanKey(sent.lease))
    this.#o.drafts.drop(sent.lease)
    this.#remember(doneEntry)
  }

  #doneEntry({ lease }: HeldLease, verdict: Verdict): Done {
    return {
      scanId: lease.scan.scan_id,
      containerNo: lease.scan.container_no,
      verdict,
      handlingS: (this.#clock.now() - this.store.getState().shownAtMs) / 1000,
      at: new Date().toISOString(),
    }
  }

  #remember(entry: Done): void {
    const done = [entry, ...this.store.getState().done].slice(0, KEEP_DONE)
    this.#set({ done })
    this.#o.onDone?.(done)
  }

  #sendFailed(error: unknown, sent: HeldLease, verdict: Verdict, attempt: number): void {
    const { current } = this.store.getState()
    if (!current || !isSame(current.lease, sent.lease)) return
    if (isTransient(error)) {
      const wait = this.#lostTouch(error)
      this.#step({ type: 'retry' })
      this.#after('send', wait, () => void this.#send())
      return
    }
    const code = error instanceof ApiError ? error.code : 'unknown'
    if (error instanceof ApiError && error.status === 409) {
      // After a lost answer, "already decided" is that answer.
      if (code === 'already_decided' && attempt > 1) this.#sent(sent, verdict, null)
      else this.#lost(code === 'already_decided' ? 'alreadyDecided' : 'leaseLost')
      return
    }
    this.#step({ type: 'refused' })
    if (error instanceof ApiError && error.status === 401) return
    this.#notify('sendFailed', asTrouble(error))
  }

  /** The current lease is gone. Its draft stays stored; work goes on with the next case. */
  #lost(kind: 'leaseLost' | 'alreadyDecided'): void {
    const { current, next } = this.store.getState()
    if (!current) return
    const { lease } = current
    for (const name of ['undo', 'send'] as const) this.#clear(name)
    if (kind === 'alreadyDecided') this.#o.drafts.drop(lease)
    if (!next) this.#scans?.clear()
    this.#scans?.release(scanKey(lease))
    this.#set({ current: null, decision: OPEN, draft: EMPTY_DRAFT, phase: 'starting' })
    this.#notify(kind, { scanId: lease.scan.scan_id })
    void this.#claim()
  }

  // -- heartbeats ---------------------------------------------------------------------------------------

  #beatLater(delayMs = this.#o.config.heartbeat_s * 1000): void {
    this.#after('heartbeat', delayMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const { current, next } = this.store.getState()
    if (this.#isBeating || !this.#isStarted || !current) return
    this.#isBeating = true
    const beaten = [current, next].filter((lease) => lease !== null)
    let wait = this.#o.config.heartbeat_s * 1000
    try {
      const refs = beaten.map(({ lease }) => ({ case_id: lease.case_id, token: lease.token }))
      const out = await this.#o.api.heartbeat(refs)
      this.#reached()
      this.#extended(beaten, out)
    } catch (error) {
      if (isTransient(error)) wait = Math.min(wait, this.#lostTouch(error))
    } finally {
      this.#isBeating = false
      if (this.store.getState().current) this.#beatLater(wait)
    }
  }

  /** Only leases that are still the same (case and token) are touched: a decision may have overtaken the answer. */
  #extended(beaten: HeldLease[], out: HeartbeatOut): void {
    const expiresAtMs = this.#clock.now() + out.ttl_s * 1000
    const isBeaten = (seat: HeldLease | null) =>
      seat !== null && beaten.some(({ lease }) => isSame(lease, seat.lease))
    const { current, next, decision } = this.store.getState()
    if (next && isBeaten(next)) {
      const isLost = out.lost.includes(next.lease.case_id)
      if (isLost) this.#scans?.release(scanKey(next.lease))
      this.#set({ next: isLost ? null : { ...next, expiresAtMs } })
      if (isLost) this.#prefetchSoon(0)
    }
    if (!current || !isBeaten(current)) return
    if (!out.lost.includes(current.lease.case_id)) this.#set({ current: { ...current, expiresAtMs } })
    else if (decision.at !== 'sending') this.#lost('leaseLost')
  }

  // -- odds and ends ------------------------------------------------------------------------------------

  #step(event: DecisionEvent): void {
    const { current, decision } = this.store.getState()
    if (!current) return
    const after = step(decision, event)
    if (after === decision) return
    this.#set({ decision: after })
    if (after.at === 'open') this.#edit({ verdict: null, reasonCodes: [] })
    if (after.at === 'chosen') this.#edit({ verdict: after.verdict, reasonCodes: after.reasonCodes })
  }

  #edit(patch: Partial<Draft>): void {
    const { current, draft, decision } = this.store.getState()
    if (!current || decision.at === 'sending') return
    const after = { ...draft, ...patch }
    this.#o.drafts.save(current.lease, after)
    this.#set({ draft: after })
  }

  #reached(): void {
    this.#tries = 0
    if (this.store.getState().isOffline) this.#set({ isOffline: false, retryAtMs: null })
  }

  /** Notes that the server did not answer; says how long to wait. */
  #lostTouch(error: ApiError): number {
    this.#tries += 1
    const wait = Math.max((error.retryAfterS ?? 0) * 1000, backoffMs(this.#tries, this.#clock.random()))
    this.#set({ isOffline: true, retryAtMs: this.#clock.now() + wait })
    return wait
  }

  #observeFatigue(isReviewing: boolean): void {
    const before = this.store.getState().fatigue
    const nowMs = this.#clock.now()
    const fatigue = observe(before, isReviewing, nowMs)
    this.#set({ fatigue })
    const hasCrossed = (clock: FatigueClock, atMs: number) => continuousMs(clock, atMs) >= FATIGUE_LIMIT_MS
    if (isReviewing && hasCrossed(fatigue, nowMs) && !this.#isTired) this.#notify('fatigue')
    this.#isTired = hasCrossed(fatigue, nowMs)
  }

  #notify(kind: NoticeKind, more: Partial<Notice> = {}): void {
    this.#noticeId += 1
    this.#set({
      notice: { id: this.#noticeId, kind, scanId: more.scanId, code: more.code, detail: more.detail },
    })
  }

  /** What was said about a case makes no sense beside another one. */
  #forgetCaseNotice(): void {
    const kind = this.store.getState().notice?.kind
    if (kind === 'needsGrounds' || kind === 'sendFailed' || kind === 'draftRestored') this.dismissNotice()
  }

  #set(patch: Partial<SeatState>): void {
    this.store.setState(patch)
  }

  #after(name: TimerName, delayMs: number, run: () => void): void {
    this.#clear(name)
    const once = () => {
      this.#timers.delete(name)
      run()
    }
    this.#timers.set(name, setTimeout(once, Math.max(0, delayMs)))
  }

  #clear(name: TimerName): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }
}

function held(lease: LeaseOut, nowMs: number): HeldLease {
  return { lease, expiresAtMs: nowMs + lease.ttl_s * 1000, dueAtMs: nowMs + lease.due_in_s * 1000 }
}

function isSame(a: LeaseRef, b: LeaseRef): boolean {
  return a.case_id === b.case_id && a.token === b.token
}

function asTrouble(error: unknown): { status: number; code: string; detail: string } {
  if (error instanceof ApiError) return { status: error.status, code: error.code, detail: error.detail }
  return { status: 0, code: 'unknown', detail: String(error) }
}
