/** What opening the box of a case found, and the form in which a supervisor reports it. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { ApiError } from '../api/client'
import { reportInspection } from '../api/supervision'
import type { CaseHistory, InspectionIn, InspectionRow, UiConfig } from '../api/types'
import { moment } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { failureText } from '../shell/Failure'
import { isSuperseded, nowLocal, type ReportForm, toReport } from './inspectionForm'

export interface InspectionsProps {
  history: CaseHistory
  config: UiConfig
  /** Whether this account may report. */
  mayReport: boolean
}

export function Inspections({ history, config, mayReport }: InspectionsProps) {
  const t = useT()
  const [isOpen, setOpen] = useState(false)
  const { inspections } = history
  if (inspections.length === 0 && !history.case.disposition) return null
  return (
    <section className="sx-record-decision">
      <h2>{t('inspection.title')}</h2>
      <InspectionList rows={inspections} config={config} />
      {mayReport && history.case.disposition ? (
        isOpen ? (
          <InspectionForm caseId={history.case.case_id} config={config} onDone={() => setOpen(false)} />
        ) : (
          <button type="button" className="sx-button" onClick={() => setOpen(true)}>
            {t(inspections.length > 0 ? 'inspection.correct' : 'inspection.report')}
          </button>
        )
      ) : null}
    </section>
  )
}

export function InspectionList({ rows, config }: { rows: readonly InspectionRow[]; config: UiConfig }) {
  const t = useT()
  const pick = usePick()
  const word = useWord()
  if (rows.length === 0) return <p className="sx-panel-note">{t('inspection.none')}</p>
  return (
    <ul className="sx-record-screenings">
      {rows.map((one) => (
        <li key={`${one.cycle}-${one.revision}`} className={isSuperseded(one, rows) ? 'is-superseded' : ''}>
          <time className="sx-num">{moment(one.inspected_at)}</time>
          <b>{word('inspection', one.result)}</b>
          <span>{one.kinds.map((kind) => pick(config.finding_kinds[kind], kind)).join(' · ')}</span>
          {one.cycle > 1 ? <span>{t('case.cycle', { cycle: one.cycle })}</span> : null}
          <small>{one.reporter_name ?? one.reported_by}</small>
          {isSuperseded(one, rows) ? <small>{t('inspection.superseded')}</small> : null}
          {one.note ? <q>{one.note}</q> : null}
        </li>
      ))}
    </ul>
  )
}

interface InspectionFormProps {
  caseId: number
  config: UiConfig
  onDone: () => void
}

function InspectionForm({ caseId, config, onDone }: InspectionFormProps) {
  const t = useT()
  const pick = usePick()
  const queries = useQueryClient()
  const [form, setForm] = useState<ReportForm>(() => ({
    result: 'nothing',
    kinds: [],
    note: '',
    inspectedAt: nowLocal(new Date()),
  }))
  const sending = useMutation({
    mutationFn: (body: InspectionIn) => reportInspection(caseId, body),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['case-history', caseId] })
      void queries.invalidateQueries({ queryKey: ['audit', caseId] })
      onDone()
    },
  })
  const body = toReport(form)
  const toggle = (kind: string) =>
    setForm({
      ...form,
      kinds: form.kinds.includes(kind) ? form.kinds.filter((one) => one !== kind) : [...form.kinds, kind],
    })
  return (
    <form
      className="sx-inspection-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (body) sending.mutate(body)
      }}
    >
      <fieldset>
        <legend>{t('inspection.result')}</legend>
        {(['nothing', 'found'] as const).map((result) => (
          <label key={result}>
            <input
              type="radio"
              name="result"
              checked={form.result === result}
              onChange={() => setForm({ ...form, result })}
            />
            {t(`inspection.${result}`)}
          </label>
        ))}
      </fieldset>
      {form.result === 'found' ? (
        <fieldset>
          <legend>{t('inspection.kinds')}</legend>
          {Object.entries(config.finding_kinds).map(([kind, name]) => (
            <label key={kind}>
              <input type="checkbox" checked={form.kinds.includes(kind)} onChange={() => toggle(kind)} />
              {pick(name, kind)}
            </label>
          ))}
        </fieldset>
      ) : null}
      <label>
        {t('inspection.inspectedAt')}
        <input
          className="sx-input"
          type="datetime-local"
          required
          value={form.inspectedAt}
          onChange={({ target }) => setForm({ ...form, inspectedAt: target.value })}
        />
      </label>
      <label>
        {t('inspection.note')}
        <textarea
          className="sx-input"
          rows={2}
          maxLength={2000}
          value={form.note}
          onChange={({ target }) => setForm({ ...form, note: target.value })}
        />
      </label>
      {sending.error ? <Refusal error={sending.error} /> : null}
      <div>
        <button type="submit" className="sx-button is-primary" disabled={!body || sending.isPending}>
          {t('inspection.send')}
        </button>
        <button type="button" className="sx-button" onClick={onDone}>
          {t('inspection.cancel')}
        </button>
      </div>
    </form>
  )
}

function Refusal({ error }: { error: Error }) {
  const t = useT()
  const word = useWord()
  const code = error instanceof ApiError ? error.code : ''
  const said = word('refusal', code)
  return <p role="alert">{code && said !== code ? said : failureText(t, error)}</p>
}
