/** What a person set on this browser: kept in localStorage, shared by all accounts. */

import { create } from 'zustand'
import { persist } from 'zustand/middleware'

import type { ActionId, Chord } from './keys/keymap'
import type { KeyOverrides } from './keys/remap'

export type Locale = 'zh-CN' | 'en-US'

/** `system` follows the operating system's. */
export type ThemeChoice = 'system' | 'dark' | 'light'

export interface Settings {
  locale: Locale
  theme: ThemeChoice
  /** Length of the undo window after Enter; 0 sends at once. */
  undoMs: number
  /** Keys of the person's own. */
  keys: KeyOverrides
  /** Accounts that have seen the tour, or want none. */
  toured: readonly number[]
  setLocale: (locale: Locale) => void
  setTheme: (theme: ThemeChoice) => void
  setUndoMs: (undoMs: number) => void
  setKey: (id: ActionId, chord: Chord) => void
  resetKeys: () => void
  setToured: (accountId: number) => void
}

export const THEMES: readonly ThemeChoice[] = ['system', 'dark', 'light']
export const UNDO_CHOICES_MS = [0, 800, 1500, 3000]
const DEFAULT_UNDO_MS = 1500

export const useSettings = create<Settings>()(
  persist(
    (set) => ({
      locale: 'zh-CN',
      theme: 'system',
      undoMs: DEFAULT_UNDO_MS,
      keys: {},
      toured: [],
      setLocale: (locale) => set({ locale }),
      setTheme: (theme) => set({ theme }),
      setUndoMs: (undoMs) => set({ undoMs }),
      setKey: (id, chord) => set(({ keys }) => ({ keys: { ...keys, [id]: chord } })),
      resetKeys: () => set({ keys: {} }),
      setToured: (accountId) =>
        set(({ toured }) => ({ toured: [...toured.filter((id) => id !== accountId), accountId] })),
    }),
    { name: 'sx:settings', version: 1 },
  ),
)
