/** What has gone up to the supervisors: to be watched. Nobody picks from it, cases are assigned. */

import { useQuery } from '@tanstack/react-query'

import { getEscalations } from '../api/supervision'
import type { EscalationRow, PriorDecision, UiConfig } from '../api/types'
import { clock, containerNos, moment, riskBand, span } from '../format'
import { useT, useWord } from '../i18n'
import { failureText } from '../shell/Failure'
import { useNowMs } from '../shell/now'
import { useReasonName } from '../shell/reasonName'

const LOOK_EVERY_MS = 5_000

export default function Escalations({ config }: { config: UiConfig }) {
  const t = useT()
  const page = useQuery({
    queryKey: ['escalations'],
    queryFn: getEscalations,
    refetchInterval: LOOK_EVERY_MS,
    staleTime: 0,
  })
  useNowMs() // the ages go on between two answers
  const now = Date.now()
  if (!page.data) {
    return (
      <main className="sx-escalations is-waiting">
        {page.error ? failureText(t, page.error) : t('app.loading')}
      </main>
    )
  }
  return (
    <main className="sx-escalations">
      <header>
        <h2>{t('escalations.title')}</h2>
        <span role="status">{t('escalations.count', { count: page.data.n })}</span>
        <a className="sx-button is-primary" href="#/review">
          {t('escalations.review')}
        </a>
      </header>
      <p className="sx-panel-note">{t('escalations.hint')}</p>
      {page.data.rows.length === 0 ? <p className="sx-history-none">{t('escalations.none')}</p> : null}
      <ol>
        {page.data.rows.map((row) => (
          <Escalation key={row.case_id} row={row} config={config} now={now} />
        ))}
      </ol>
    </main>
  )
}

function Escalation({ row, config, now }: { row: EscalationRow; config: UiConfig; now: number }) {
  const t = useT()
  const word = useWord()
  const dueS = (new Date(row.due_at).getTime() - now) / 1000
  const waitedS = row.since ? (now - new Date(row.since).getTime()) / 1000 : null
  return (
    <li className={dueS < 0 ? 'is-overdue' : ''}>
      <header>
        <b className="sx-mono">{row.scan_id}</b>
        <span>{row.port}</span>
        <span className="sx-mono">{containerNos(row.container_nos) ?? '–'}</span>
        <span>{word('reason', row.reason)}</span>
        <span className={`sx-risk is-${riskBand(row.risk)} sx-num`}>{row.risk.toFixed(2)}</span>
        <span className="sx-badge is-warning">{t(`escalations.${row.why}`)}</span>
        <span>
          {row.held_by
            ? t('escalations.heldBy', { name: row.held_by })
            : t('escalations.waiting', { span: span(waitedS) })}
        </span>
        <span className={`sx-num${dueS < 0 ? ' is-danger' : ''}`}>
          {dueS < 0
            ? t('escalations.overdue', { clock: clock(-dueS) })
            : t('escalations.due', { clock: clock(dueS) })}
        </span>
      </header>
      <ul>
        {row.decisions.map((one) => (
          <Thread key={one.stage} decision={one} config={config} />
        ))}
      </ul>
    </li>
  )
}

function Thread({ decision, config }: { decision: PriorDecision; config: UiConfig }) {
  const word = useWord()
  const reasons = decision.reason_codes.map(useReasonName(config))
  return (
    <li>
      <span className={`sx-verdict is-${decision.verdict}`}>{word('verdict', decision.verdict)}</span>
      <span>
        {word('stage', String(decision.stage))} · {decision.reviewer}
      </span>
      <time className="sx-num">{moment(decision.decided_at)}</time>
      <span>{[...reasons, decision.note].filter(Boolean).join(' · ')}</span>
    </li>
  )
}
