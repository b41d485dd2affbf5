/** One closed case, read only: its image in the same viewer, what was decided, and its audit trail. */

import '../styles/workstation.css'

import { CloseOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'

import { ApiError } from '../api/client'
import { getAudit, getClosedCase } from '../api/endpoints'
import type { AccountOut, AuditRow, ClosedCaseView, DecisionRow, UiConfig } from '../api/types'
import { moment, percent, span } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { useKeys } from '../keys/useKeys'
import { ModeBar } from '../pane/ModeBar'
import { findingKey, named, overlaysOf, toneOf } from '../pane/overlays'
import { PaneContext, usePane, usePaneState } from '../pane/PaneContext'
import { Pane } from '../pane/pane'
import { runPaneAction } from '../pane/paneActions'
import { ScanStage } from '../pane/ScanStage'
import { CaseFacts } from '../review/CaseBar'
import { DeclarationPanel } from '../review/DeclarationPanel'
import { scanRef } from '../review/seatState'

export interface CaseRecordProps {
  row: DecisionRow
  config: UiConfig
  account: AccountOut
  onClose: () => void
}

export function CaseRecord({ row, config, account, onClose }: CaseRecordProps) {
  const t = useT()
  const [pane] = useState(() => new Pane())
  const record = useQuery({ queryKey: ['case', row.case_id], queryFn: () => getClosedCase(row.case_id) })
  return (
    <PaneContext.Provider value={pane}>
      <section className="sx-record" aria-label={row.scan_id}>
        <header>
          {record.data ? (
            <CaseFacts of={record.data} scanId={row.scan_id} scan={record.data.scan} />
          ) : (
            <b className="sx-mono">{row.scan_id}</b>
          )}
          <span className="sx-badge">{t('case.readOnly')}</span>
          <button
            type="button"
            className="sx-button"
            aria-label={t('record.close')}
            title={t('record.close')}
            onClick={onClose}
          >
            <CloseOutlined />
          </button>
        </header>
        {record.data ? (
          <RecordImage view={record.data} row={row} config={config} onClose={onClose} />
        ) : (
          <RecordMissing error={record.error} />
        )}
        <div className="sx-record-facts">
          <DecisionFacts row={row} config={config} />
          <div>
            {record.data ? <RecordFindings view={record.data} config={config} /> : null}
            {record.data ? <DeclarationPanel declaration={record.data.scan.declaration} /> : null}
          </div>
          <AuditTrail caseId={row.case_id} account={account} />
        </div>
      </section>
    </PaneContext.Provider>
  )
}

function RecordMissing({ error }: { error: Error | null }) {
  const t = useT()
  const code = error instanceof ApiError ? error.code : error?.name
  if (!error) return <div className="sx-record-image is-missing">{t('app.loading')}</div>
  const isOpen = error instanceof ApiError && error.status === 404
  return (
    <div className="sx-record-image is-missing" role="alert">
      {isOpen ? t('record.notClosed') : t('history.failed', { code: code ?? '' })}
    </div>
  )
}

function useKindNames(config: UiConfig): (kind: string) => string {
  const pick = usePick()
  return useMemo(() => (kind: string) => pick(config.finding_kinds[kind], kind), [config, pick])
}

interface RecordImageProps {
  view: ClosedCaseView
  row: DecisionRow
  config: UiConfig
  onClose: () => void
}

function RecordImage({ view, row, config, onClose }: RecordImageProps) {
  const pane = usePane()
  const kindName = useKindNames(config)
  const { selected, showsFindings, threshold } = usePaneState((state) => ({
    selected: state.selected,
    showsFindings: state.showsFindings,
    threshold: state.threshold,
  }))
  useEffect(() => {
    const ref = scanRef(view)
    pane.show(ref)
    return () => pane.release(ref.key)
  }, [pane, view])
  useEffect(() => {
    const findings = named(view.screening?.findings ?? [])
    const decision = view.escalation.find(({ cycle, stage }) => cycle === row.cycle && stage === row.stage)
    // Votes name findings of their own cycle's screening; the view has that of the last one.
    const votes = row.cycle === view.cycle ? (decision?.finding_votes ?? []) : []
    pane.setOverlays(
      overlaysOf({
        findings,
        votes: Object.fromEntries(votes.map(({ finding_id, accepted }) => [finding_id, accepted])),
        annotations: decision?.annotations ?? [],
        threshold,
        showsFindings,
        selected,
        kindName,
      }),
    )
  }, [pane, view, row, threshold, showsFindings, selected, kindName])
  useKeys('open', (action) => {
    if (action === 'cancel') onClose()
    else return runPaneAction(pane, action)
    return true
  })
  return (
    <div className="sx-record-image">
      <ModeBar />
      <ScanStage scan={view.scan} />
    </div>
  )
}

function DecisionFacts({ row, config }: { row: DecisionRow; config: UiConfig }) {
  const t = useT()
  const pick = usePick()
  const word = useWord()
  const reasons = row.reason_codes.map((code) =>
    pick(
      config.reason_codes.find((one) => one.code === code),
      code,
    ),
  )
  return (
    <section className="sx-record-decision">
      <div>
        <span className={`sx-verdict is-${row.verdict}`}>{t(`verdict.${row.verdict}`)}</span>
        <b>{row.reviewer}</b>
        <span>{word('stage', String(row.stage))}</span>
        <span className="sx-num">{moment(row.decided_at)}</span>
        <span>
          {t('history.handling')} <b className="sx-num">{span(row.handling_s)}</b>
        </span>
        <span>
          {t('history.disposition')}{' '}
          <b>{row.disposition ? word('disposition', row.disposition) : t('disposition.none')}</b>
        </span>
      </div>
      {reasons.length > 0 ? <p>{reasons.join(' · ')}</p> : null}
      {row.note ? <blockquote>{row.note}</blockquote> : null}
    </section>
  )
}

function RecordFindings({ view, config }: { view: ClosedCaseView; config: UiConfig }) {
  const t = useT()
  const pane = usePane()
  const kindName = useKindNames(config)
  const selected = usePaneState((state) => state.selected)
  const findings = named(view.screening?.findings ?? [])
  return (
    <section>
      <h2>
        {t('record.findings')} <span className="sx-count is-quiet">{findings.length}</span>
      </h2>
      <div className="sx-record-findings">
        {findings.map((finding) => {
          const id = findingKey(finding.finding_id)
          return (
            <button
              key={id}
              type="button"
              className={`sx-button is-${toneOf(finding.score)}`}
              aria-pressed={selected === id}
              onClick={() => pane.select(id, finding.box)}
            >
              <b>{finding.letter}</b> {kindName(finding.kind)} {finding.text}{' '}
              <span className="sx-num">{percent(finding.score)}</span>
            </button>
          )
        })}
        {findings.length === 0 ? (
          <p className="sx-panel-note">{t(view.screening ? 'findings.none' : 'findings.noScreening')}</p>
        ) : null}
      </div>
    </section>
  )
}

function AuditTrail({ caseId, account }: { caseId: number; account: AccountOut }) {
  const t = useT()
  const audit = useQuery({ queryKey: ['audit', caseId], queryFn: () => getAudit(caseId), staleTime: 0 })
  return (
    <section className="sx-audit">
      <h2>
        {t('record.audit')} <small>{t('record.auditHint')}</small>
      </h2>
      {audit.error ? (
        <p role="alert">
          {t('history.failed', {
            code: audit.error instanceof ApiError ? audit.error.code : audit.error.name,
          })}
        </p>
      ) : null}
      <ol>
        {audit.data?.map((row) => (
          <AuditLine key={row.seq} row={row} account={account} />
        ))}
      </ol>
      {audit.data?.length === 0 ? <p className="sx-panel-note">{t('record.auditEmpty')}</p> : null}
    </section>
  )
}

function AuditLine({ row, account }: { row: AuditRow; account: AccountOut }) {
  const t = useT()
  const word = useWord()
  return (
    <li>
      <span className="sx-mono" title={t('record.seq')}>
        #{row.seq}
      </span>
      <time className="sx-num">{moment(row.at)}</time>
      <b>{word('event', row.event)}</b>
      <span>{actorText(t, row.actor, account)}</span>
      <span>
        {row.stage ? `${word('stage', String(row.stage))} ` : ''}
        {row.verdict ? word('verdict', row.verdict) : ''}
      </span>
      <small>{row.detail ?? ''}</small>
    </li>
  )
}

function actorText(t: ReturnType<typeof useT>, actor: string, account: AccountOut): string {
  const [kind, id = ''] = actor.split(':', 2)
  if (kind === 'account')
    return t(Number(id) === account.account_id ? 'actor.accountYou' : 'actor.account', { id })
  if (kind === 'station') return t('actor.station', { id })
  return kind === 'system' ? t('actor.system', { id }) : actor
}
