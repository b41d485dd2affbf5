/** All that is known of one case but its pixels; each event with the seal that covers it. */

import { CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'

import { ApiError } from '../api/client'
import { getCaseHistory, type CaseHistory as History, type SealedRow } from '../api/office'
import type { AccountOut, UiConfig } from '../api/types'
import { containerNos, moment } from '../format'
import { useT, useWord } from '../i18n'
import { briefDetail } from '../shell/briefDetail'
import { Failure } from '../shell/Failure'
import { useReasonName } from '../shell/reasonName'
import { InspectionList } from '../supervisor/Inspections'
import { Actor } from './actor'

export interface CaseHistoryProps {
  caseId: number
  account: AccountOut
  config: UiConfig
}

export function CaseHistory({ caseId, account, config }: CaseHistoryProps) {
  const t = useT()
  const history = useQuery({
    queryKey: ['audit', 'case-history', caseId],
    queryFn: () => getCaseHistory(caseId),
    staleTime: 0,
  })
  const isMissing = history.error instanceof ApiError && history.error.status === 404
  return (
    <main className="sx-office">
      <header>
        <h2>{t('caseHistory.title', { id: caseId })}</h2>
        <p>{t('caseHistory.hint')}</p>
        <a className="sx-button" href="#/trail">
          {t('caseHistory.back')}
        </a>
      </header>
      <div className="sx-office-scroll sx-case-history">
        {isMissing ? (
          <p role="alert" className="sx-history-none">
            {t('caseHistory.none')}
          </p>
        ) : (
          <Failure error={history.error} />
        )}
        {history.data ? <Facts of={history.data} /> : null}
        {history.data ? <Decisions of={history.data} config={config} /> : null}
        {history.data ? (
          <section>
            <h3>{t('inspection.title')}</h3>
            <InspectionList rows={history.data.inspections} config={config} />
          </section>
        ) : null}
        {history.data ? <Screenings of={history.data} /> : null}
        {history.data ? <Events rows={history.data.events} account={account} /> : null}
      </div>
    </main>
  )
}

function Facts({ of }: { of: History }) {
  const t = useT()
  const word = useWord()
  const facts: [string, string][] = [
    [t('history.scan'), of.scan_id],
    [t('case.container'), containerNos(of.container_nos) ?? t('case.noContainer')],
    [t('history.port'), of.port],
    [t('case.station'), of.station_id],
    [t('case.reason'), word('reason', of.reason)],
    [t('history.risk'), of.risk.toFixed(2)],
    [t('caseHistory.received'), moment(of.received_at)],
    [t('caseHistory.opened'), moment(of.opened_at)],
    [t('caseHistory.closed'), of.closed_at ? moment(of.closed_at) : t('caseHistory.open')],
    [t('history.disposition'), of.disposition ? word('disposition', of.disposition) : t('disposition.none')],
  ]
  return (
    <dl className="sx-facts-list">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {of.dispositions.map((one) => (
        <div key={one.cycle}>
          <dt>{t('case.cycle', { cycle: one.cycle })}</dt>
          <dd>
            {word('disposition', one.disposition)} · {moment(one.decided_at)}
            {one.delivered_at ? ` · ${t('caseHistory.delivered', { time: moment(one.delivered_at) })}` : ''}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Decisions({ of, config }: { of: History; config: UiConfig }) {
  const t = useT()
  const word = useWord()
  const reason = useReasonName(config)
  return (
    <section>
      <h3>{t('nav.history')}</h3>
      {of.decisions.length === 0 ? <p className="sx-panel-note">{t('history.empty')}</p> : null}
      <ol className="sx-decisions">
        {of.decisions.map((one) => (
          <li key={`${one.cycle} ${one.stage}`}>
            <span className={`sx-verdict is-${one.verdict}`}>{t(`verdict.${one.verdict}`)}</span>
            <b>{one.reviewer}</b>
            <span>
              {t('case.cycle', { cycle: one.cycle })} · {word('stage', String(one.stage))}
            </span>
            <span className="sx-num">{moment(one.decided_at)}</span>
            <span>{one.reason_codes.map(reason).join(' · ')}</span>
            <span>
              {t('caseHistory.marks', { boxes: one.annotations.length, votes: one.finding_votes.length })}
            </span>
            {one.note ? <blockquote>{one.note}</blockquote> : null}
          </li>
        ))}
      </ol>
    </section>
  )
}

function Screenings({ of }: { of: History }) {
  const t = useT()
  const word = useWord()
  return (
    <section>
      <h3>{t('record.screenings')}</h3>
      <table className="sx-table is-dense">
        <thead>
          <tr>
            <th scope="col">{t('history.time')}</th>
            <th scope="col">{t('models.name')}</th>
            <th scope="col">{t('models.digest')}</th>
            <th scope="col">{t('models.engine')}</th>
            <th scope="col">{t('caseHistory.policy')}</th>
            <th scope="col">{t('caseHistory.outcome')}</th>
            <th scope="col">{t('history.risk')}</th>
            <th scope="col">{t('record.findings')}</th>
          </tr>
        </thead>
        <tbody>
          {of.screenings.map((one) => (
            <tr key={one.screening_id}>
              <td className="sx-num">{moment(one.created_at)}</td>
              <th scope="row">
                {one.model_name} {one.model_version}
              </th>
              <td className="sx-mono" title={one.sha256}>
                {one.sha256.slice(0, 16)}…
              </td>
              <td>{one.engine}</td>
              <td className="sx-num">{one.policy_version}</td>
              <td>
                {t(`outcome.${one.outcome}`)} · {word('reason', one.reason)}
              </td>
              <td className="sx-num">{one.risk.toFixed(2)}</td>
              <td className="sx-num">{one.n_findings}</td>
            </tr>
          ))}
          {of.screenings.length === 0 ? (
            <tr>
              <td colSpan={8}>{t('findings.noScreening')}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
    </section>
  )
}

function Events({ rows, account }: { rows: readonly SealedRow[]; account: AccountOut }) {
  const t = useT()
  const word = useWord()
  return (
    <section>
      <h3>{t('record.audit')}</h3>
      <table className="sx-table is-dense sx-trail">
        <thead>
          <tr>
            <th scope="col">{t('record.seq')}</th>
            <th scope="col">{t('history.time')}</th>
            <th scope="col">{t('trail.event')}</th>
            <th scope="col">{t('trail.actor')}</th>
            <th scope="col">{t('history.stage')}</th>
            <th scope="col">{t('seal.title')}</th>
            <th scope="col">{t('trail.what')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.xid} ${row.seq}`} className={row.fault ? 'is-fault' : ''}>
              <td className="sx-mono">{row.seq}</td>
              <td className="sx-num">{moment(row.at)}</td>
              <th scope="row" title={row.event}>
                {word('event', row.event)}
              </th>
              <td>
                <Actor row={row} account={account} />
              </td>
              <td>
                {row.stage ? word('stage', String(row.stage)) : ''}{' '}
                {row.verdict ? (
                  <span className={`sx-verdict is-${row.verdict}`}>{word('verdict', row.verdict)}</span>
                ) : null}
              </td>
              <td>
                <SealMark row={row} />
              </td>
              <td className="is-text" title={row.detail ?? undefined}>
                <small>{briefDetail(row.detail)}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function SealMark({ row }: { row: SealedRow }) {
  const t = useT()
  const word = useWord()
  const { seal, fault } = row
  if (!seal) {
    return (
      <span className="sx-seal">
        <ClockCircleOutlined aria-hidden /> {t('seal.none')}
      </span>
    )
  }
  const title = t('seal.facts', { key: seal.key_id, n: seal.n_rows, root: seal.root })
  if (fault) {
    return (
      <span className="sx-seal is-bad" role="alert" title={title}>
        <CloseCircleFilled aria-hidden /> {word('finding', fault)} · {t('seal.no', { no: seal.seal_no })}
      </span>
    )
  }
  return (
    <span className="sx-seal is-good" title={title}>
      <CheckCircleFilled aria-hidden /> {t('seal.no', { no: seal.seal_no })}{' '}
      <small className="sx-num">{moment(seal.sealed_at)}</small>
    </span>
  )
}
