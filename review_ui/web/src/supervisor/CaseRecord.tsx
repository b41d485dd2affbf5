/** One case, read only: what models and people thought of it, its audit trail and, once closed, its image. */

import '../styles/workstation.css'

import { CloseOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'

import { ApiError } from '../api/client'
import { getAudit, getClosedCase } from '../api/endpoints'
import { getCaseHistory } from '../api/supervision'
import type { AccountOut, AuditRow, CaseHistory, ClosedCaseView, PriorDecision, UiConfig } from '../api/types'
import { moment, percent } from '../format'
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
import { actorText } from '../shell/actorText'
import { briefDetail } from '../shell/briefDetail'
import { failureText } from '../shell/Failure'
import { useReasonName } from '../shell/reasonName'
import { Inspections } from './Inspections'

type Look = { cycle: number; stage: number }

export interface CaseRecordProps {
  caseId: number
  scanId: string
  /** The decision whose marks are shown; the last one if none is chosen. */
  chosen?: Look
  config: UiConfig
  account: AccountOut
  onClose: () => void
}

export function CaseRecord({ caseId, scanId, chosen, config, account, onClose }: CaseRecordProps) {
  const t = useT()
  const [pane] = useState(() => new Pane())
  const record = useQuery({ queryKey: ['case', caseId], queryFn: () => getClosedCase(caseId) })
  const history = useQuery({
    queryKey: ['case-history', caseId],
    queryFn: () => getCaseHistory(caseId),
    staleTime: 0,
  })
  const look = chosen ?? history.data?.decisions.at(-1)
  return (
    <PaneContext.Provider value={pane}>
      <section className="sx-record" aria-label={scanId}>
        <header>
          {record.data ? (
            <CaseFacts
              of={record.data}
              scanId={scanId}
              scan={record.data.scan}
              screening={record.data.screening}
            />
          ) : (
            <b className="sx-mono">{scanId}</b>
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
          <RecordImage view={record.data} look={look} config={config} onClose={onClose} />
        ) : (
          <RecordMissing error={record.error} />
        )}
        <div className="sx-record-facts">
          {history.data ? <Decisions history={history.data} look={look} config={config} /> : null}
          {history.data ? (
            <Inspections history={history.data} config={config} mayReport={account.role === 'supervisor'} />
          ) : null}
          <div>
            {record.data ? <RecordFindings view={record.data} config={config} /> : null}
            {record.data ? (
              <DeclarationPanel
                declaration={record.data.scan.declaration}
                checks={record.data.screening?.line_checks ?? null}
              />
            ) : null}
            {history.data ? <Screenings history={history.data} /> : null}
          </div>
          <AuditTrail caseId={caseId} account={account} />
        </div>
      </section>
    </PaneContext.Provider>
  )
}

function RecordMissing({ error }: { error: Error | null }) {
  const t = useT()
  if (!error) return <div className="sx-record-image is-missing">{t('app.loading')}</div>
  const isOpen = error instanceof ApiError && error.status === 404
  return (
    <div className="sx-record-image is-missing" role="alert">
      {isOpen ? t('record.notClosed') : failureText(t, error)}
    </div>
  )
}

function useKindNames(config: UiConfig): (kind: string) => string {
  const pick = usePick()
  return useMemo(() => (kind: string) => pick(config.finding_kinds[kind], kind), [config, pick])
}

interface RecordImageProps {
  view: ClosedCaseView
  look: Look | undefined
  config: UiConfig
  onClose: () => void
}

function RecordImage({ view, look, config, onClose }: RecordImageProps) {
  const pane = usePane()
  const kindName = useKindNames(config)
  const { selected, showsFindings, threshold, hiddenKinds } = usePaneState((state) => ({
    hiddenKinds: state.hiddenKinds,
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
    const decision = view.escalation.find(({ cycle, stage }) => cycle === look?.cycle && stage === look.stage)
    // Votes name findings of their own cycle's screening; the view has that of the last one.
    const votes = look?.cycle === view.cycle ? (decision?.finding_votes ?? []) : []
    pane.setOverlays(
      overlaysOf({
        findings,
        votes: Object.fromEntries(votes.map(({ finding_id, accepted }) => [finding_id, accepted])),
        annotations: decision?.annotations ?? [],
        threshold,
        hiddenKinds,
        showsFindings,
        selected,
        kindName,
      }),
    )
  }, [pane, view, look, threshold, hiddenKinds, showsFindings, selected, kindName])
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

interface DecisionsProps {
  history: CaseHistory
  look: Look | undefined
  config: UiConfig
}

function Decisions({ history, look, config }: DecisionsProps) {
  const t = useT()
  const word = useWord()
  const { disposition, state } = history.case
  return (
    <section className="sx-record-decision">
      {history.decisions.map((one) => (
        <DecisionFacts
          key={`${one.cycle}-${one.stage}`}
          decision={one}
          config={config}
          isLookedAt={one.cycle === look?.cycle && one.stage === look.stage}
        />
      ))}
      <div>
        <span>
          {t('history.disposition')}{' '}
          <b>{disposition ? word('disposition', disposition) : word('state', state)}</b>
        </span>
      </div>
    </section>
  )
}

interface DecisionFactsProps {
  decision: PriorDecision
  config: UiConfig
  isLookedAt: boolean
}

function DecisionFacts({ decision, config, isLookedAt }: DecisionFactsProps) {
  const t = useT()
  const word = useWord()
  const reasons = decision.reason_codes.map(useReasonName(config))
  return (
    <article className={isLookedAt ? 'is-looked-at' : ''}>
      <div>
        <span className={`sx-verdict is-${decision.verdict}`}>{t(`verdict.${decision.verdict}`)}</span>
        <b>{decision.reviewer}</b>
        <span>{word('stage', String(decision.stage))}</span>
        {decision.cycle > 1 ? <span>{t('case.cycle', { cycle: decision.cycle })}</span> : null}
        <span className="sx-num">{moment(decision.decided_at)}</span>
        {reasons.length > 0 ? <span>{reasons.join(' · ')}</span> : null}
      </div>
      {decision.note ? <blockquote>{decision.note}</blockquote> : null}
    </article>
  )
}

function Screenings({ history }: { history: CaseHistory }) {
  const t = useT()
  const word = useWord()
  return (
    <section>
      <h2>{t('record.screenings')}</h2>
      <ul className="sx-record-screenings">
        {history.screenings.map((one) => (
          <li key={one.screening_id}>
            <time className="sx-num">{moment(one.created_at)}</time>
            <span>
              {one.model_name} {one.model_version}
            </span>
            <b>{word('outcome', one.outcome)}</b>
            <span className="sx-num">{percent(one.risk)}</span>
            <small>{t('record.nFindings', { count: one.n_findings })}</small>
          </li>
        ))}
      </ul>
      {history.screenings.length === 0 ? <p className="sx-panel-note">{t('findings.noScreening')}</p> : null}
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
      {audit.error ? <p role="alert">{failureText(t, audit.error)}</p> : null}
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
      <small title={row.detail ?? undefined}>{briefDetail(row.detail)}</small>
    </li>
  )
}
