/** Whoever did something, as people call them. */

import type { TrailRow } from '../api/office'
import type { AccountOut } from '../api/types'
import { useT } from '../i18n'

export function Actor({ row, account }: { row: TrailRow; account: AccountOut }) {
  const t = useT()
  const [kind, id = ''] = row.actor.split(':', 2)
  if (kind === 'account') {
    const text = t(Number(id) === account.account_id ? 'actor.accountYou' : 'actor.account', { id })
    return row.actor_name ? (
      <>
        {row.actor_name} <small>{text}</small>
      </>
    ) : (
      text
    )
  }
  if (kind === 'station') return t('actor.station', { id })
  return kind === 'system' ? t('actor.system', { id }) : row.actor
}
