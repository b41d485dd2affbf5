import { create } from 'zustand'

import type { CaseView } from '../api/types'

interface CompareState {
  isOpen: boolean
  isLinked: boolean
  /** Which of the earlier scans, newest first, or of the photos after them. */
  index: number
  toggle: () => void
  toggleLink: () => void
  choose: (index: number) => void
  close: () => void
}

/** What is looked at beside the current case; each case begins without. */
export const useCompare = create<CompareState>()((set) => ({
  isOpen: false,
  isLinked: true,
  index: 0,
  toggle: () => set(({ isOpen }) => ({ isOpen: !isOpen })),
  toggleLink: () => set(({ isLinked }) => ({ isLinked: !isLinked })),
  choose: (index) => set({ index }),
  close: () => set({ isOpen: false, isLinked: true, index: 0 }),
}))

/** How much there is to compare a case with. */
export function comparableWith(view: CaseView | null): { nEarlier: number; nPhotos: number; n: number } {
  const [nEarlier, nPhotos] = [view?.n_earlier ?? 0, view?.scan.photos.length ?? 0]
  return { nEarlier, nPhotos, n: nEarlier + nPhotos }
}
