import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import { useShallow } from 'zustand/react/shallow'

import type { UiConfig } from '../api/types'
import type { Seat } from './seat'
import type { SeatState } from './seatState'

export interface Desk {
  seat: Seat
  config: UiConfig
}

export const DeskContext = createContext<Desk | null>(null)

export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('useDesk needs a DeskContext around it')
  return desk
}

/** A part of the seat's state; the component renders again only when that part changes. */
export function useSeatState<T>(select: (state: SeatState) => T): T {
  return useStore(useDesk().seat.store, useShallow(select))
}
