/** Pages of administrators: accounts, stations and their keys, models. No images. */

import '../styles/supervisor.css'
import '../styles/office.css'

import type { AccountOut, UiConfig } from '../api/types'
import { useHashPage } from '../shell/hash'
import { PageNav } from '../shell/PageNav'
import { TopBar } from '../shell/TopBar'
import { Accounts } from './Accounts'
import { Models } from './Models'
import { Stations } from './Stations'

const PAGES = ['accounts', 'stations', 'models'] as const

export default function AdminApp({ account, config }: { account: AccountOut; config: UiConfig }) {
  const [page] = useHashPage(PAGES)
  return (
    <div className="sx-page">
      <TopBar account={account} config={config} nav={<PageNav pages={PAGES} page={page} />} link={null} />
      {page === 'accounts' ? <Accounts account={account} /> : null}
      {page === 'stations' ? <Stations /> : null}
      {page === 'models' ? <Models /> : null}
    </div>
  )
}
