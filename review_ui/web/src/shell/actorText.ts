import type { AccountOut } from '../api/types'
import type { Translate } from '../i18n'

/** An actor of the audit trail, such as `account:7`, in words. */
export function actorText(t: Translate, actor: string, account: AccountOut): string {
  const [kind, id = ''] = actor.split(':', 2)
  if (kind === 'account')
    return t(Number(id) === account.account_id ? 'actor.accountYou' : 'actor.account', { id })
  if (kind === 'station') return t('actor.station', { id })
  return kind === 'system' ? t('actor.system', { id }) : actor
}
