/** Earlier decisions of a case, for the supervisor who ends it. */

import type { PriorDecision } from '../api/types'
import { moment } from '../format'
import { useT } from '../i18n'
import { useReasonName } from '../shell/reasonName'
import { useDesk } from './SeatContext'

export function Escalation({ decisions }: { decisions: readonly PriorDecision[] }) {
  const t = useT()
  const reasonName = useReasonName(useDesk().config)
  if (decisions.length === 0) return <p className="sx-panel-note">{t('escalation.none')}</p>
  return (
    <ol className="sx-prior">
      {decisions.map((decision) => (
        <li key={`${decision.stage} ${decision.decided_at}`}>
          <div>
            <span className={`sx-verdict is-${decision.verdict}`}>{t(`verdict.${decision.verdict}`)}</span>
            <b>{decision.reviewer}</b>
            <small>{t(`stage.${decision.stage}`)}</small>
            <time className="sx-num">{moment(decision.decided_at)}</time>
          </div>
          {decision.reason_codes.length > 0 ? (
            <p>{decision.reason_codes.map(reasonName).join(' · ')}</p>
          ) : null}
          {decision.note ? <blockquote>{decision.note}</blockquote> : null}
        </li>
      ))}
    </ol>
  )
}
