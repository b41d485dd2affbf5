/** Pages of supervisors: board, escalations, cases, decisions, policy, and their own reviews. */

import '../styles/supervisor.css'

import { lazy, type ReactNode, Suspense, useEffect } from 'react'

import { EVENTS_BOARD, pauseReview } from '../api/endpoints'
import { useEvents } from '../api/events'
import type { AccountOut, BoardOut, UiConfig } from '../api/types'
import { useHashPage } from '../shell/hash'
import { PageNav } from '../shell/PageNav'
import { TopBar } from '../shell/TopBar'
import { Board } from './Board'

const CaseSearch = lazy(() => import('./CaseSearch'))
const Escalations = lazy(() => import('./Escalations'))
const PolicyPage = lazy(() => import('./policy/PolicyPage'))
const History = lazy(() => import('./History'))
const ReviewerApp = lazy(() => import('../review/ReviewerApp'))

const PAGES = ['board', 'escalations', 'cases', 'history', 'policy', 'review'] as const

export interface SupervisorAppProps {
  account: AccountOut
  config: UiConfig
}

export default function SupervisorApp({ account, config }: SupervisorAppProps) {
  const [page] = useHashPage(PAGES)
  useGiveBack(page === 'review')
  const nav = <PageNav pages={PAGES} page={page} />
  if (page === 'review') {
    return (
      <Suspense>
        <ReviewerApp account={account} config={config} nav={nav} />
      </Suspense>
    )
  }
  if (page === 'board') return <BoardPage account={account} config={config} nav={nav} />
  return (
    <div className="sx-page">
      <TopBar account={account} config={config} nav={nav} link={null} />
      <Suspense>
        {page === 'cases' ? <CaseSearch account={account} config={config} /> : null}
        {page === 'escalations' ? <Escalations config={config} /> : null}
        {page === 'policy' ? <PolicyPage account={account} /> : null}
        {page === 'history' ? <History account={account} config={config} /> : null}
      </Suspense>
    </div>
  )
}

/** Leaving the review gives the cases back at once, instead of keeping them until their leases end. */
function useGiveBack(isReviewing: boolean): void {
  useEffect(() => {
    if (!isReviewing) return
    return () => void pauseReview().catch(() => undefined)
  }, [isReviewing])
}

function BoardPage({ account, config, nav }: SupervisorAppProps & { nav: ReactNode }) {
  const { data, link } = useEvents<BoardOut>(EVENTS_BOARD, 'board')
  return (
    <div className="sx-page">
      <TopBar account={account} config={config} nav={nav} link={link} />
      <Board board={data} link={link} />
    </div>
  )
}
