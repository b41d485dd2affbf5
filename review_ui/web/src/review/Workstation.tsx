/** The reviewer's workstation: one seat, one viewer, and everything around them. */

import '../styles/workstation.css'

import { useQueryClient } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { createPortal } from 'react-dom'
import { useStore } from 'zustand'

import * as endpoints from '../api/endpoints'
import { EVENTS_REVIEW } from '../api/endpoints'
import { type LinkState, subscribe } from '../api/events'
import type { AccountOut, Annotation, CaseView, QueueGlance, UiConfig } from '../api/types'
import { ModeBar } from '../pane/ModeBar'
import { markIndexOf } from '../pane/overlays'
import { PaneContext } from '../pane/PaneContext'
import { Pane } from '../pane/pane'
import { ScanStage } from '../pane/ScanStage'
import { ToolRail } from '../pane/ToolRail'
import { UI_CONFIG_KEY } from '../session/session'
import { useSettings } from '../settings'
import { Movable } from '../shell/Movable'
import { usePopOut } from '../shell/popOut'
import { TopBar } from '../shell/TopBar'
import { useWindows } from '../shell/windows'
import { CaseBar } from './CaseBar'
import { Compare } from './Compare'
import { CompareButtons } from './CompareButtons'
import { comparableWith, useCompare } from './compareState'
import { DecisionBar } from './DecisionBar'
import { loadDone, saveDone } from './doneLog'
import { DraftStore } from './drafts'
import { FatigueRing, Glance, PauseButton } from './HeaderTools'
import { Lookalikes } from './Lookalikes'
import { Notices, OfflineBanner } from './Notices'
import { PopOut, PopOutButton } from './PopOut'
import { DeskContext, useDesk } from './SeatContext'
import { SeatStates } from './SeatStates'
import { SidePanel } from './SidePanel'
import { Strip } from './Strip'
import { Seat } from './seat'
import { scanKey } from './seatState'
import { Tour } from './Tour'
import { startTour } from './tourState'
import { useOverlays, useView } from './useOverlays'
import { useWorkstationKeys } from './useWorkstationKeys'

const HelpDialog = lazy(() => import('../keys/HelpDialog'))

export interface WorkstationProps {
  account: AccountOut
  config: UiConfig
  nav?: ReactNode
}

export function Workstation({ account, config, nav }: WorkstationProps) {
  const [seat] = useState(() => makeSeat(account, config))
  const [pane] = useState(() => new Pane())
  const { glance, link } = useGlance(seat)
  const firstKind = Object.keys(config.finding_kinds)[0] ?? 'other'
  useEffect(() => wire(seat, pane, firstKind), [seat, pane, firstKind])
  useReasons(seat, config)
  const desk = useMemo(() => ({ seat, config }), [seat, config])
  return (
    <DeskContext.Provider value={desk}>
      <PaneContext.Provider value={pane}>
        <Page account={account} config={config} nav={nav} glance={glance} link={link} />
      </PaneContext.Provider>
    </DeskContext.Provider>
  )
}

interface PageProps extends WorkstationProps {
  glance: QueueGlance | null
  link: LinkState
}

function Page({ account, config, nav, glance, link }: PageProps) {
  const [helpWindow, setHelpWindow] = useState<Window | null>(null)
  const away = usePopOut((state) => state.part)
  // Key caps and tooltips all over the page follow the person's own keys.
  useSettings((settings) => settings.keys)
  const { seat } = useDesk()
  const view = useView()
  useOverlays()
  useWorkstationKeys(setHelpWindow)
  const tools = (
    <>
      <FatigueRing />
      <PauseButton />
    </>
  )
  return (
    <div className={`sx-ws${away ? ` is-${away}-away` : ''}`}>
      <TopBar
        account={account}
        config={config}
        nav={nav}
        link={link}
        tools={tools}
        onHelp={() => setHelpWindow(window)}
      >
        <Glance glance={glance} />
      </TopBar>
      <CaseBar />
      <Movable part="image">
        <ToolRail>
          <CompareButtons />
          <PopOutButton part="image" className="sx-rail-button" />
        </ToolRail>
        <main className="sx-center">
          <ModeBar />
          <Stages view={view}>
            <OfflineBanner />
            <SeatStates glance={glance} />
            <Notices accountId={account.account_id} />
          </Stages>
        </main>
      </Movable>
      <Strip />
      <Movable part="panel">
        <SidePanel />
      </Movable>
      <DecisionBar />
      <PopOut />
      <Help place={helpWindow} onClose={() => setHelpWindow(null)} onTour={() => startTour(seat)} />
      <Tour accountId={account.account_id} />
    </div>
  )
}

interface HelpProps {
  place: Window | null
  onClose: () => void
  onTour: () => void
}

/** The help, in the window in which it was asked for. */
function Help({ place, onClose, onTour }: HelpProps) {
  const isThere = useWindows(({ windows }) => place !== null && windows.includes(place))
  if (!place || !isThere) return null
  const help = (
    <Suspense>
      <HelpDialog onClose={onClose} onTour={onTour} />
    </Suspense>
  )
  return place === window ? help : createPortal(help, place.document.body)
}

const STACKED_FROM = 1.6

/** The image, and what it is compared with: beside it, or below it where both are wide. */
function Stages({ view, children }: { view: CaseView | null; children: ReactNode }) {
  const { beside, close } = useCompare()
  const isBeside = usePopOut(({ part }) => part !== 'panel')
  const key = view ? scanKey(view) : null
  useEffect(() => {
    void key
    return close
  }, [key, close])
  const isSplit = beside === 'lookalikes' || (beside === 'container' && comparableWith(view).n > 0)
  const full = view?.scan.levels.at(-1)
  const isWide = full !== undefined && full.width_px >= STACKED_FROM * full.height_px
  return (
    <div className={`sx-stages${isSplit && isBeside ? ' is-split' : ''}${isWide ? ' is-wide' : ''}`}>
      <ScanStage scan={view?.scan ?? null}>{children}</ScanStage>
      {isSplit && view ? (
        <Movable part="panel">
          {beside === 'lookalikes' ? <Lookalikes view={view} /> : <Compare view={view} />}
        </Movable>
      ) : null}
    </div>
  )
}

function makeSeat(account: AccountOut, config: UiConfig): Seat {
  return new Seat({
    api: endpoints,
    drafts: new DraftStore(sessionStorage, account.account_id),
    config,
    undoMs: () => useSettings.getState().undoMs,
    done: loadDone(account.account_id),
    onDone: (done) => saveDone(account.account_id, done),
  })
}

/** Lets seat and viewer know each other, and the seat know the browser. */
function wire(seat: Seat, pane: Pane, firstKind: string): () => void {
  pane.listeners = {
    painted: (key, stage) => seat.painted(key, stage),
    boxDrawn: (box) => {
      const { annotations } = seat.store.getState().draft
      const mark: Annotation = { box, kind: annotations.at(-1)?.kind ?? firstKind, note: '' }
      seat.hand.annotate(mark)
      pane.select(`m:${annotations.length}`)
      pane.setTool('pan')
    },
    boxEdited: (id, box) => {
      const index = markIndexOf(id)
      if (index !== null) seat.hand.changeAnnotation(index, { box })
    },
  }
  seat.attachScans(pane)
  seat.start()
  const online = () => seat.wake('online')
  const visible = () => document.visibilityState === 'visible' && seat.wake('visible')
  window.addEventListener('online', online)
  document.addEventListener('visibilitychange', visible)
  return () => {
    window.removeEventListener('online', online)
    document.removeEventListener('visibilitychange', visible)
    seat.attachScans(null)
    seat.stop()
  }
}

/** Lets the seat follow the policy's reasons; at once when it was refused one. */
function useReasons(seat: Seat, config: UiConfig): void {
  const queries = useQueryClient()
  const isOutdated = useStore(seat.store, ({ notice }) => notice?.kind === 'reasonsChanged')
  useEffect(() => seat.hand.offer(config.reason_codes), [seat, config.reason_codes])
  useEffect(() => {
    if (isOutdated) void queries.invalidateQueries({ queryKey: UI_CONFIG_KEY })
  }, [isOutdated, queries])
}

function useGlance(seat: Seat): { glance: QueueGlance | null; link: LinkState } {
  const [glance, setGlance] = useState<QueueGlance | null>(null)
  const [link, setLink] = useState<LinkState>('connecting')
  useEffect(() => {
    const onData = (data: QueueGlance) => {
      setGlance(data)
      seat.wake('glance', data)
    }
    return subscribe<QueueGlance>({ url: EVENTS_REVIEW, event: 'glance', onData, onLink: setLink })
  }, [seat])
  return { glance, link }
}
