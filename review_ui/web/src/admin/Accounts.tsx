/** Accounts: made with one role for life, given passwords, disabled. */

import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Popconfirm } from 'antd'
import { useState } from 'react'

import { type AdminAccount, disableAccount, getAccounts, resetPassword } from '../api/office'
import type { AccountOut } from '../api/types'
import { moment } from '../format'
import { useT } from '../i18n'
import { Failure } from '../shell/Failure'
import { AccountForm } from './AccountForm'
import { ACCOUNTS } from './keys'
import { SecretBox, type Told } from './Secret'
import { type Action, useAction } from './useAction'

export function Accounts({ account }: { account: AccountOut }) {
  const t = useT()
  const accounts = useQuery({ queryKey: ACCOUNTS, queryFn: getAccounts, refetchInterval: 30_000 })
  const [isMaking, setIsMaking] = useState(false)
  const [told, setTold] = useState<Told | null>(null)
  const [sought, setSought] = useState('')
  const action = useAction(ACCOUNTS)
  const tell = ({ login, password }: { login: string; password: string }) =>
    setTold({
      title: t('accounts.passwordOf', { login }),
      values: [{ name: t('login.password'), value: password }],
    })
  const rows = (accounts.data ?? []).filter((row) => matches(row, sought))
  return (
    <main className="sx-office">
      <header>
        <h2>{t('nav.accounts')}</h2>
        <p>{t('accounts.duties')}</p>
        <input
          className="sx-input"
          type="search"
          aria-label={t('accounts.search')}
          placeholder={t('accounts.search')}
          value={sought}
          onChange={(event) => setSought(event.target.value)}
        />
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setIsMaking(true)}>
          {t('accounts.new')}
        </Button>
      </header>
      {action.problem ? (
        <Alert type="error" showIcon title={action.problem} closable={{ onClose: action.clear }} />
      ) : null}
      <div className="sx-office-scroll">
        <Failure error={accounts.error} />
        <table className="sx-table is-dense">
          <thead>
            <tr>
              <th scope="col">{t('login.login')}</th>
              <th scope="col">{t('accounts.name')}</th>
              <th scope="col">{t('accounts.role')}</th>
              <th scope="col">{t('history.port')}</th>
              <th scope="col">{t('accounts.quals')}</th>
              <th scope="col">{t('accounts.state')}</th>
              <th scope="col">{t('accounts.lastSeen')}</th>
              <th scope="col">{t('accounts.created')}</th>
              <th scope="col">
                <span className="sx-sr">{t('office.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.account_id} row={row} account={account} action={action} onTold={tell} />
            ))}
          </tbody>
        </table>
        {rows.length === 0 && !accounts.error ? (
          <p className="sx-history-none">{t(accounts.isPending ? 'app.loading' : 'office.none')}</p>
        ) : null}
      </div>
      <AccountForm isOpen={isMaking} onClose={() => setIsMaking(false)} onMade={tell} />
      <SecretBox told={told} onClose={() => setTold(null)} />
    </main>
  )
}

function matches(row: AdminAccount, sought: string): boolean {
  const text = `${row.login} ${row.display_name} ${row.port ?? ''}`.toLowerCase()
  return text.includes(sought.trim().toLowerCase())
}

interface RowProps {
  row: AdminAccount
  account: AccountOut
  action: Action
  onTold: (given: { login: string; password: string }) => void
}

function Row({ row, account, action, onTold }: RowProps) {
  const t = useT()
  const isMine = row.account_id === account.account_id
  const isEnded = row.disabled_at !== null
  return (
    <tr className={isEnded ? 'is-ended' : ''}>
      <th scope="row" className="sx-mono">
        {row.login}
      </th>
      <td>{row.display_name}</td>
      <td>{t(`role.${row.role}`)}</td>
      <td>{row.port ?? '–'}</td>
      <td className="sx-num">{row.quals.join(', ') || '–'}</td>
      <td>
        {isEnded ? (
          t('accounts.disabledAt', { time: moment(row.disabled_at ?? '') })
        ) : (
          <span className={row.n_sessions > 0 ? 'sx-clear' : ''}>
            {row.n_sessions > 0 ? t('accounts.online', { n: row.n_sessions }) : t('accounts.offline')}
          </span>
        )}
      </td>
      <td className="sx-num">{row.last_seen_at ? moment(row.last_seen_at) : '–'}</td>
      <td className="sx-num">{moment(row.created_at)}</td>
      <td className="is-actions">
        {isEnded || isMine ? null : (
          <>
            <Popconfirm
              title={t('accounts.resetSure', { login: row.login })}
              onConfirm={() => action.run(async () => onTold(await resetPassword(row.login)))}
            >
              <Button size="small" disabled={action.isBusy}>
                {t('accounts.reset')}
              </Button>
            </Popconfirm>
            <Popconfirm
              title={t('accounts.disableSure', { login: row.login })}
              description={t('accounts.disableHint')}
              okButtonProps={{ danger: true }}
              onConfirm={() => action.run(() => disableAccount(row.login))}
            >
              <Button size="small" danger disabled={action.isBusy}>
                {t('accounts.disable')}
              </Button>
            </Popconfirm>
          </>
        )}
        {isMine ? <span className="sx-badge">{t('accounts.you')}</span> : null}
      </td>
    </tr>
  )
}
