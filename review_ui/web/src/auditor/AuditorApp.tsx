/** Pages of auditors: the trail, its verification, past decisions, and the history of one case. */

import '../styles/supervisor.css'
import '../styles/office.css'

import { lazy, Suspense } from 'react'

import type { AccountOut, UiConfig } from '../api/types'
import { useHashNumber, useHashPage } from '../shell/hash'
import { PageNav } from '../shell/PageNav'
import { TopBar } from '../shell/TopBar'
import { CaseHistory } from './CaseHistory'
import { Trail } from './Trail'
import { Verify } from './Verify'

const History = lazy(() => import('../supervisor/History'))

const PAGES = ['trail', 'verify', 'history'] as const

export default function AuditorApp({ account, config }: { account: AccountOut; config: UiConfig }) {
  const [page] = useHashPage(PAGES)
  const caseId = useHashNumber('case')
  return (
    <div className="sx-page">
      <TopBar account={account} config={config} nav={<PageNav pages={PAGES} page={page} />} link={null} />
      {/* Stays while a case is looked at: the search and its place in the list are there afterwards. */}
      <div className="sx-page-body" hidden={caseId !== null || page !== 'trail'}>
        <Trail account={account} />
      </div>
      {/* Stays, too: a verification goes on while its auditor looks at something else. */}
      <div className="sx-page-body" hidden={caseId !== null || page !== 'verify'}>
        <Verify />
      </div>
      {caseId !== null ? (
        <CaseHistory key={caseId} caseId={caseId} account={account} config={config} />
      ) : null}
      {caseId === null && page === 'history' ? (
        <Suspense>
          <History account={account} config={config} />
        </Suspense>
      ) : null}
    </div>
  )
}
