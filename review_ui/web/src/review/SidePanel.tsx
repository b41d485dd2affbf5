/** The panel at the right: findings and marks, the declaration, and what went before at stage 3. */

import { useEffect } from 'react'

import { useT } from '../i18n'
import { DeclarationPanel } from './DeclarationPanel'
import { Escalation } from './Escalation'
import { Findings } from './Findings'
import { Marks } from './Marks'
import { PopOutButton } from './PopOut'
import { useSeatState } from './SeatContext'
import { type PanelTab, useSidePanel } from './sidePanelState'
import { useFindings, useView } from './useOverlays'

const TABS: readonly PanelTab[] = ['findings', 'declaration']
const SUPERVISOR_TABS: readonly PanelTab[] = [...TABS, 'escalation']

export function SidePanel() {
  const view = useView()
  const checks = view?.screening?.line_checks ?? null
  const { tab, tabs, setTabs } = useSidePanel()
  const isSupervisor = useSeatState((state) => state.current?.lease.stage === 3)
  useEffect(() => setTabs(isSupervisor ? SUPERVISOR_TABS : TABS), [isSupervisor, setTabs])
  return (
    <aside className="sx-panel" id="sx-panel">
      <TabList tabs={tabs} />
      <div
        className="sx-panel-body"
        role="tabpanel"
        id={`sx-tabpanel-${tab}`}
        aria-labelledby={`sx-tab-${tab}`}
      >
        {view && tab === 'findings' ? (
          <>
            <Findings />
            <Marks />
            <DeclarationPanel declaration={view.scan.declaration} checks={checks} isBrief />
          </>
        ) : null}
        {view && tab === 'declaration' ? (
          <DeclarationPanel declaration={view.scan.declaration} checks={checks} />
        ) : null}
        {view && tab === 'escalation' ? <Escalation decisions={view.escalation} /> : null}
      </div>
    </aside>
  )
}

function TabList({ tabs }: { tabs: readonly PanelTab[] }) {
  const t = useT()
  const { tab, setTab } = useSidePanel()
  const nFindings = useFindings().length
  const nPrior = useSeatState((state) => state.view?.escalation.length ?? 0)
  const counts: Record<PanelTab, number> = { findings: nFindings, declaration: 0, escalation: nPrior }
  return (
    <header className="sx-panel-top">
      <div className="sx-tabs" role="tablist">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`sx-tab-${name}`}
            aria-selected={tab === name}
            aria-controls={`sx-tabpanel-${name}`}
            className={tab === name ? 'is-on' : ''}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => setTab(name)}
          >
            {t(`tab.${name}`)}
            {counts[name] > 0 ? <span className="sx-count">{counts[name]}</span> : null}
          </button>
        ))}
      </div>
      <PopOutButton part="panel" className="sx-pop-button" />
    </header>
  )
}
