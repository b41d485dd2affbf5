/** Verifies the whole trail on the server: how far it has come, the first fault as soon as it is found. */

import { Alert, Progress as Bar, Button } from 'antd'
import { useEffect, useRef, useState } from 'react'

import { ApiError } from '../api/client'
import { startVerification } from '../api/office'
import { grouped } from '../format'
import { type Translate, useT, useWord } from '../i18n'
import { type Finding, type Progress, type Report, ratioOf, readLines } from './verification'

interface State {
  isRunning: boolean
  progress: Progress | null
  report: Report | null
  problem: string | null
}

const IDLE: State = { isRunning: false, progress: null, report: null, problem: null }

function useVerification() {
  const t = useT()
  const [state, setState] = useState<State>(IDLE)
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])
  const start = async () => {
    const controller = new AbortController()
    running.current = controller
    setState({ ...IDLE, isRunning: true })
    let report: Report | null = null
    try {
      for await (const step of readLines(await startVerification(controller.signal))) {
        if ('progress' in step) setState((old) => ({ ...old, progress: step.progress }))
        else if ('report' in step) report = step.report
        else throw new Error(step.error.detail)
      }
      setState({ ...IDLE, report, problem: report ? null : t('verify.brokenOff') })
    } catch (error) {
      setState({ ...IDLE, problem: controller.signal.aborted ? null : problemText(t, error) })
    }
  }
  return { state, start, stop: () => running.current?.abort() }
}

function problemText(t: Translate, error: unknown): string {
  if (error instanceof ApiError && error.code === 'verification_running') return t('verify.busy')
  const detail = error instanceof ApiError ? error.code : error instanceof Error ? error.message : ''
  return t('verify.failed', { detail })
}

export function Verify() {
  const t = useT()
  const { state, start, stop } = useVerification()
  const { isRunning, progress, report, problem } = state
  return (
    <main className="sx-office">
      <header>
        <h2>{t('nav.verify')}</h2>
        <p>{t('verify.hint')}</p>
        {isRunning ? (
          <Button onClick={stop}>{t('verify.stop')}</Button>
        ) : (
          <Button type="primary" onClick={() => void start()}>
            {t('verify.start')}
          </Button>
        )}
      </header>
      <div className="sx-office-scroll sx-verify">
        {problem ? <Alert type="error" showIcon title={problem} /> : null}
        {isRunning ? <Running progress={progress} /> : null}
        {report ? <Result report={report} /> : null}
      </div>
    </main>
  )
}

function Running({ progress }: { progress: Progress | null }) {
  const t = useT()
  return (
    <section role="status">
      <p>{progress ? t(`verify.part.${progress.part}`) : t('verify.starting')}</p>
      <Bar
        percent={progress ? Math.floor(ratioOf(progress) * 100) : 0}
        status={progress && progress.n_findings > 0 ? 'exception' : 'active'}
        aria-label={t('nav.verify')}
      />
      {progress ? (
        <p className="sx-num">
          {t('verify.read', { n: grouped(progress.n_read), total: grouped(progress.n_total) })}
        </p>
      ) : null}
      {progress?.first ? <Fault finding={progress.first} /> : null}
    </section>
  )
}

function Fault({ finding }: { finding: Finding }) {
  const t = useT()
  const word = useWord()
  return (
    <Alert
      type="error"
      showIcon
      title={`${t('verify.first')}: ${word('finding', finding.code)}`}
      description={<FaultText finding={finding} />}
    />
  )
}

function FaultText({ finding }: { finding: Finding }) {
  const t = useT()
  return (
    <>
      <span lang="en">{finding.message}</span>{' '}
      {finding.case_id !== null ? (
        <a href={`#/case/${finding.case_id}`}>{t('trail.openCase', { id: finding.case_id })}</a>
      ) : null}
    </>
  )
}

const FIGURES = [
  'n_rows',
  'n_unsealed',
  'n_seals',
  'n_moves',
  'n_ranks',
  'n_ranks_unrevealed',
  'n_assignments',
  'n_unprovable',
  'n_unexplained',
] as const

function Result({ report }: { report: Report }) {
  const t = useT()
  const word = useWord()
  const nFindings = Object.values(report.counts).reduce((sum, n) => sum + n, 0)
  return (
    <section>
      {report.ok ? (
        <Alert type="success" showIcon title={t('verify.good')} description={t('verify.goodHint')} />
      ) : (
        <Alert type="error" showIcon title={t('verify.bad', { n: grouped(nFindings) })} />
      )}
      {report.findings[0] ? <Fault finding={report.findings[0]} /> : null}
      <div className="sx-tiles">
        {FIGURES.map((name) => (
          <div className="sx-tile" key={name}>
            <span>{t(`verify.figure.${name}`)}</span>
            <b className="sx-num">{grouped(report[name])}</b>
          </div>
        ))}
      </div>
      {report.findings.length > 0 ? (
        <table className="sx-table is-dense">
          <thead>
            <tr>
              <th scope="col">{t('verify.finding')}</th>
              <th scope="col">{t('record.seq')}</th>
              <th scope="col">{t('seal.number')}</th>
              <th scope="col">{t('trail.what')}</th>
            </tr>
          </thead>
          <tbody>
            {report.findings.map((finding) => (
              <tr key={`${finding.code} ${finding.message}`}>
                <th scope="row" title={finding.code}>
                  {word('finding', finding.code)}
                </th>
                <td className="sx-mono">{finding.seq ?? '–'}</td>
                <td className="sx-mono">{finding.seal_no ?? '–'}</td>
                <td className="is-text">
                  <FaultText finding={finding} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  )
}
