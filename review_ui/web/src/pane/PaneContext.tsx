import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import { useShallow } from 'zustand/react/shallow'

import type { Pane, PaneState } from './pane'

export const PaneContext = createContext<Pane | null>(null)

export function usePane(): Pane {
  const pane = useContext(PaneContext)
  if (!pane) throw new Error('usePane needs a PaneContext around it')
  return pane
}

/** A part of the pane's state; the component renders again only when that part changes. */
export function usePaneState<T>(select: (state: PaneState) => T): T {
  return useStore(usePane().store, useShallow(select))
}
