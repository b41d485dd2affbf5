/** What the page knows of a reviewer's seat, and what the seat needs from outside. */

import type { StoreApi } from 'zustand/vanilla'

import { ApiError } from '../api/client'
import type {
  CaseView,
  DecideIn,
  DecideOut,
  HeartbeatOut,
  LeaseOut,
  LeaseRef,
  ScanView,
  Verdict,
} from '../api/types'
import type { ScanRef } from '../viewer'
import { type DecisionState, OPEN } from './decision'
import { type Draft, EMPTY_DRAFT } from './drafts'
import { type FatigueClock, RESTED } from './fatigue'
import type { Timers } from './timers'

export interface ReviewApi {
  claimNext(): Promise<LeaseOut | null>
  prefetchNext(): Promise<LeaseOut | null>
  getHeldCase(caseId: number, priority: 'high' | 'auto'): Promise<CaseView>
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
  verdict: Verdict
  handlingS: number
  at: string
}

export type Phase = 'starting' | 'reviewing' | 'empty' | 'resting' | 'paused' | 'stopped'

export type NoticeKind =
  | 'leaseLost'
  | 'alreadyDecided'
  | 'draftRestored'
  | 'needsGrounds'
  | 'sendFailed'
  | 'reasonsChanged'
  | 'pauseFailed'
  | 'fatigue'
export interface Notice {
  id: number
  kind: NoticeKind
  scanId?: string
  code?: string
  detail?: string
}

/** An answer of the server that the page cannot act on. */
export interface Trouble {
  status: number
  code: string
  detail: string
}

export interface SeatState {
  phase: Phase
  current: HeldLease | null
  /** What the current case looks like. While it is null nothing can be decided. */
  view: CaseView | null
  /** Why the current case's view is not here, and when it is asked for again. */
  viewTrouble: (Trouble & { retryAtMs: number }) | null
  next: HeldLease | null
  shownAtMs: number
  decision: DecisionState
  draft: Draft
  /** When the next try is due while the server cannot be reached, else null. */
  retryAtMs: number | null
  isOffline: boolean
  /** Until when no case is assigned; in the phase `resting` only. */
  restUntilMs: number
  /** Why no case could be claimed, while there is none on the screen. */
  trouble: Trouble | null
  notice: Notice | null
  done: Done[]
  fatigue: FatigueClock
}

export const INITIAL: SeatState = {
  phase: 'starting',
  current: null,
  view: null,
  viewTrouble: null,
  next: null,
  shownAtMs: 0,
  decision: OPEN,
  draft: EMPTY_DRAFT,
  retryAtMs: null,
  isOffline: false,
  restUntilMs: 0,
  trouble: null,
  notice: null,
  done: [],
  fatigue: RESTED,
}

export type SeatStore = StoreApi<SeatState>
export type SeatTimers = Timers<'claim' | 'prefetch' | 'heartbeat' | 'undo' | 'send'>

export const scanKey = ({ case_id }: { case_id: number }): string => String(case_id)

export function scanRef(view: { case_id: number; scan: ScanView }): ScanRef {
  const { modality, bit_depth, pixel_pitch_mm, levels } = view.scan
  return { key: scanKey(view), modality, bit_depth, pixel_pitch_mm, levels }
}

export function heldFrom(lease: LeaseOut, nowMs: number): HeldLease {
  return { lease, expiresAtMs: nowMs + lease.ttl_s * 1000, dueAtMs: nowMs + lease.due_in_s * 1000 }
}

export function isSameLease(a: LeaseRef, b: LeaseRef): boolean {
  return a.case_id === b.case_id && a.token === b.token
}

export function asTrouble(error: unknown): Trouble {
  if (error instanceof ApiError) return { status: error.status, code: error.code, detail: error.detail }
  return { status: 0, code: 'unknown', detail: String(error) }
}
