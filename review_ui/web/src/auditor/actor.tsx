/** Whoever did something, as people call them. */

import type { TrailRow } from '../api/office'
import type { AccountOut } from '../api/types'
import { useT } from '../i18n'
import { actorText } from '../shell/actorText'

export function Actor({ row, account }: { row: TrailRow; account: AccountOut }) {
  const t = useT()
  const text = actorText(t, row.actor, account)
  return row.actor_name ? (
    <>
      {row.actor_name} <small>{text}</small>
    </>
  ) : (
    text
  )
}
