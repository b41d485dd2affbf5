/** What a person set on this browser: kept in localStorage, shared by all accounts. */

import { create } from 'zustand'
import { persist } from 'zustand/middleware'

export type Locale = 'zh-CN' | 'en-US'

export interface Settings {
  locale: Locale
  /** Length of the undo window after Enter; 0 sends at once. */
  undoMs: number
  setLocale: (locale: Locale) => void
  setUndoMs: (undoMs: number) => void
}

export const UNDO_CHOICES_MS = [0, 800, 1500, 3000]
const DEFAULT_UNDO_MS = 1500

export const useSettings = create<Settings>()(
  persist(
    (set) => ({
      locale: 'zh-CN',
      undoMs: DEFAULT_UNDO_MS,
      setLocale: (locale) => set({ locale }),
      setUndoMs: (undoMs) => set({ undoMs }),
    }),
    { name: 'sx:settings', version: 1 },
  ),
)
