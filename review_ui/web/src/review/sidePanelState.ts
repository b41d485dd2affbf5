import { create } from 'zustand'

export type PanelTab = 'findings' | 'declaration' | 'escalation'

interface SidePanelState {
  tab: PanelTab
  tabs: readonly PanelTab[]
  setTab: (tab: PanelTab) => void
  setTabs: (tabs: readonly PanelTab[]) => void
  nextTab: () => void
}

/** Which tab of the panel is open. */
export const useSidePanel = create<SidePanelState>()((set) => ({
  tab: 'findings',
  tabs: ['findings', 'declaration'],
  setTab: (tab) => set({ tab }),
  setTabs: (tabs) => set(({ tab }) => ({ tabs, tab: tabs.includes(tab) ? tab : 'findings' })),
  nextTab: () => set(({ tab, tabs }) => ({ tab: tabs[(tabs.indexOf(tab) + 1) % tabs.length] })),
}))
