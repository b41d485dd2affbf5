import { create } from 'zustand'

import type { CaseView } from '../api/types'

/** Beside a case: other pictures of its container, or scans of others whose cargo looks like it. */
export type Beside = 'container' | 'lookalikes'

interface CompareState {
  beside: Beside | null
  isLinked: boolean
  isSameHeading: boolean
  /** Which of the sources, and how many there are: of earlier scans, newest first, and photos; or of lookalikes. */
  index: number
  n: number
  toggle: (beside: Beside) => void
  toggleLink: () => void
  toggleHeading: () => void
  choose: (index: number) => void
  count: (n: number) => void
  close: () => void
}

/** What is looked at beside the current case; each case begins without. */
export const useCompare = create<CompareState>()((set) => ({
  beside: null,
  isLinked: true,
  isSameHeading: false,
  index: 0,
  n: 0,
  toggle: (chosen) => set(({ beside }) => ({ beside: beside === chosen ? null : chosen, index: 0 })),
  toggleLink: () => set(({ isLinked }) => ({ isLinked: !isLinked })),
  toggleHeading: () => set(({ isSameHeading }) => ({ isSameHeading: !isSameHeading, index: 0 })),
  choose: (index) => set(({ n }) => ({ index: Math.max(0, Math.min(index, n - 1)) })),
  count: (n) => set({ n }),
  close: () => set({ beside: null, isLinked: true, isSameHeading: false, index: 0 }),
}))

/** How many pictures of its container a case can be compared with. */
export function comparableWith(view: CaseView | null): { nEarlier: number; nPhotos: number; n: number } {
  const [nEarlier, nPhotos] = [view?.n_earlier ?? 0, view?.scan.photos.length ?? 0]
  return { nEarlier, nPhotos, n: nEarlier + nPhotos }
}
