/**
 * The tour of the workstation, once for each account on this browser and whenever it is asked for.
 *
 * A truck waits for every case, so that none is held while someone looks around: asked for, the tour pauses the
 * seat, and the case goes back to the queue with its marks stored. By itself it begins only while there is no case
 * at all, and gives way to the first that comes.
 */

import { create } from 'zustand'

import { useSettings } from '../settings'
import { usePopOut } from '../shell/popOut'
import type { Seat } from './seat'

interface TourState {
  isOpen: boolean
  /** The seat was paused for the tour, and goes on after it. */
  hasPaused: boolean
}

export const useTour = create<TourState>()(() => ({ isOpen: false, hasPaused: false }))

/** Begins when a person asks for it; not while a decision is on its way. */
export function startTour(seat: Seat): void {
  if (useTour.getState().isOpen) return
  const wasPaused = seat.store.getState().phase === 'paused'
  void seat.pause()
  if (seat.store.getState().phase !== 'paused') return
  open({ hasPaused: !wasPaused })
}

/** Begins without being asked for. */
export function offerTour(): void {
  open({ hasPaused: false })
}

function open(state: Pick<TourState, 'hasPaused'>): void {
  usePopOut.getState().close()
  useTour.setState({ isOpen: true, ...state })
}

/** Ends at the person's wish, and is not offered again. */
export function endTour(seat: Seat, accountId: number): void {
  const { isOpen, hasPaused } = useTour.getState()
  if (!isOpen) return
  useTour.setState({ isOpen: false })
  useSettings.getState().setToured(accountId)
  if (hasPaused) seat.resume()
}

/** Makes room for a case; it can still be taken later. */
export function giveWay(): void {
  useTour.setState({ isOpen: false })
}
