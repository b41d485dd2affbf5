/** Search over all cases there ever were, and beside the list the record of the one that was chosen. */

import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'

import { getBoard } from '../api/endpoints'
import { type CaseQuery, getCaseReviewers, getCases } from '../api/supervision'
import type { AccountOut, CaseCursor, CasePage, CaseRow, UiConfig } from '../api/types'
import { containerNos, moment, riskBand } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { failureText } from '../shell/Failure'
import { CaseRecord } from './CaseRecord'
import { MODALITIES, REASONS } from './policy/rules'
import { chooseByArrows } from './rowKeys'

const PAGE_ROWS = 60
const STATES = ['waiting', 'held', 'closed']
const DISPOSITIONS = ['release', 'inspect', 'rescan']
const VERDICTS = ['release', 'inspect', 'escalate', 'rescan']

export default function CaseSearch({ account, config }: { account: AccountOut; config: UiConfig }) {
  const [query, setQuery] = useState<CaseQuery>({})
  const [chosen, setChosen] = useState<CaseRow | null>(null)
  const cases = useInfiniteQuery<
    CasePage,
    Error,
    InfiniteData<CasePage, CaseCursor | null>,
    unknown[],
    CaseCursor | null
  >({
    queryKey: ['cases', query],
    queryFn: ({ pageParam }) => getCases(query, pageParam, PAGE_ROWS),
    initialPageParam: null,
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  })
  const rows = cases.data?.pages.flatMap((page) => page.rows) ?? []
  const lastPage = cases.data?.pages.at(-1)
  return (
    <main className={`sx-history sx-search${chosen ? ' has-record' : ''}`}>
      <section className="sx-history-list">
        <SearchForm
          onSearch={(wanted) => {
            setQuery(wanted)
            setChosen(null)
            if (JSON.stringify(wanted) === JSON.stringify(query)) void cases.refetch()
          }}
        />
        <CaseTable rows={rows} chosen={chosen} onChoose={setChosen} isLoading={cases.isPending} />
        <Foot
          error={cases.error}
          nRows={rows.length}
          lastPage={lastPage}
          isFetching={cases.isFetching}
          onMore={() => void cases.fetchNextPage()}
        />
      </section>
      {chosen ? (
        <CaseRecord
          key={chosen.case_id}
          caseId={chosen.case_id}
          scanId={chosen.scan_id}
          config={config}
          account={account}
          onClose={() => setChosen(null)}
        />
      ) : null}
    </main>
  )
}

/** Times are typed in the person's own zone, and sent with it. */
function inZone(local: FormDataEntryValue | null): string {
  const at = typeof local === 'string' && local !== '' ? new Date(local) : null
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : ''
}

const FIELDS = [
  'number',
  'port',
  'reason',
  'modality',
  'state',
  'verdict',
  'reviewer',
  'disposition',
] as const

function SearchForm({ onSearch }: { onSearch: (query: CaseQuery) => void }) {
  const t = useT()
  const pick = usePick()
  const word = useWord()
  const board = useQuery({ queryKey: ['board'], queryFn: getBoard })
  const reviewers = useQuery({ queryKey: ['case-reviewers'], queryFn: getCaseReviewers })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const query: CaseQuery = { since: inZone(form.get('since')), until: inZone(form.get('until')) }
    for (const name of FIELDS) query[name] = String(form.get(name) ?? '').trim()
    onSearch(Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '')))
  }
  const words = (prefix: string, values: readonly string[]) =>
    values.map((value) => ({ value, name: word(prefix, value) }))
  return (
    <form
      className="sx-search-form"
      onSubmit={submit}
      onReset={() => onSearch({})}
      aria-label={t('search.title')}
    >
      <h2>{t('search.title')}</h2>
      <label>
        <span>{t('search.number')}</span>
        <input name="number" className="sx-input" maxLength={40} autoComplete="off" spellCheck={false} />
      </label>
      <Choice
        name="port"
        label={t('search.port')}
        options={(board.data?.ports ?? []).map((port) => ({
          value: port.port,
          name: pick({ zh: port.name_zh, en: port.name_en }, port.port),
        }))}
      />
      <Choice name="reason" label={t('search.reason')} options={words('reason', REASONS)} />
      <Choice name="modality" label={t('search.modality')} options={words('modality', MODALITIES)} />
      <Choice name="state" label={t('search.state')} options={words('state', STATES)} />
      <Choice name="verdict" label={t('search.verdict')} options={words('verdict', VERDICTS)} />
      <Choice
        name="reviewer"
        label={t('search.reviewer')}
        options={(reviewers.data ?? []).map((one) => ({
          value: String(one.account_id),
          name: one.is_disabled ? t('search.left', { name: one.name }) : one.name,
        }))}
      />
      <Choice
        name="disposition"
        label={t('search.disposition')}
        options={words('disposition', DISPOSITIONS)}
      />
      <label>
        <span>{t('search.since')}</span>
        <input name="since" type="datetime-local" className="sx-input" />
      </label>
      <label>
        <span>{t('search.until')}</span>
        <input name="until" type="datetime-local" className="sx-input" />
      </label>
      <div>
        <button type="submit" className="sx-button is-primary">
          {t('search.go')}
        </button>
        <button type="reset" className="sx-button">
          {t('search.clear')}
        </button>
      </div>
    </form>
  )
}

interface ChoiceProps {
  name: string
  label: string
  options: readonly { value: string; name: string }[]
}

function Choice({ name, label, options }: ChoiceProps) {
  const t = useT()
  return (
    <label>
      <span>{label}</span>
      <select name={name} className="sx-input" defaultValue="">
        <option value="">{t('search.any')}</option>
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  )
}

interface CaseTableProps {
  rows: readonly CaseRow[]
  chosen: CaseRow | null
  isLoading: boolean
  onChoose: (row: CaseRow) => void
}

function CaseTable({ rows, chosen, isLoading, onChoose }: CaseTableProps) {
  const t = useT()
  const current = rows.find((row) => row.case_id === chosen?.case_id)
  return (
    <div className="sx-history-scroll">
      <table className="sx-table is-dense">
        <thead>
          <tr>
            <th scope="col">{t('search.opened')}</th>
            <th scope="col">{t('history.scan')}</th>
            <th scope="col">{t('search.state')}</th>
            <th scope="col">{t('search.decisions')}</th>
            <th scope="col">{t('history.container')}</th>
            <th scope="col">{t('history.port')}</th>
            <th scope="col" className="is-wide">
              {t('search.reason')}
            </th>
            <th scope="col" className="is-wide">
              {t('search.modality')}
            </th>
            <th scope="col" className="is-wide">
              {t('history.risk')}
            </th>
            <th scope="col" className="is-wide">
              {t('search.closed')}
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={(event) => chooseByArrows(event, rows, current, onChoose)}>
          {rows.map((row) => (
            <Row key={row.case_id} row={row} isChosen={row.case_id === chosen?.case_id} onChoose={onChoose} />
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? (
        <p className="sx-history-none">{t(isLoading ? 'app.loading' : 'search.none')}</p>
      ) : null}
    </div>
  )
}

function Row({
  row,
  isChosen,
  onChoose,
}: {
  row: CaseRow
  isChosen: boolean
  onChoose: (row: CaseRow) => void
}) {
  const t = useT()
  const word = useWord()
  return (
    <tr className={isChosen ? 'is-chosen' : ''} onClick={() => onChoose(row)}>
      <td className="sx-num">{moment(row.opened_at)}</td>
      <td className="sx-mono">
        <button type="button" aria-label={t('history.open', { scan: row.scan_id })} aria-pressed={isChosen}>
          {row.scan_id}
        </button>
        {row.cycle > 1 ? <small> ×{row.cycle}</small> : null}
      </td>
      <td>{row.disposition ? word('disposition', row.disposition) : word('state', row.state)}</td>
      <td className="sx-search-decisions">
        {row.decisions.map((one) => (
          <span
            key={`${one.cycle}-${one.stage}`}
            className={`sx-verdict is-${one.verdict}`}
            title={`${word('stage', String(one.stage))} · ${one.reviewer}`}
          >
            {word('verdict', one.verdict)}
          </span>
        ))}
      </td>
      <td className="sx-mono">{containerNos(row.container_nos) ?? '–'}</td>
      <td>{row.port}</td>
      <td className="is-wide">{word('reason', row.reason)}</td>
      <td className="is-wide">{word('modality', row.modality)}</td>
      <td className="is-wide">
        <span className={`sx-risk is-${riskBand(row.risk)} sx-num`}>{row.risk.toFixed(2)}</span>
      </td>
      <td className="is-wide sx-num">{row.closed_at ? moment(row.closed_at) : '–'}</td>
    </tr>
  )
}

interface FootProps {
  error: Error | null
  nRows: number
  lastPage: CasePage | undefined
  isFetching: boolean
  onMore: () => void
}

function Foot({ error, nRows, lastPage, isFetching, onMore }: FootProps) {
  const t = useT()
  if (error) {
    return <footer role="alert">{failureText(t, error)}</footer>
  }
  if (!lastPage?.next) return <footer>{nRows > 0 ? t('search.end', { count: nRows }) : ''}</footer>
  return (
    <footer>
      {lastPage.is_cut && lastPage.next.at ? (
        <span>{t('search.cut', { time: moment(lastPage.next.at) })} </span>
      ) : null}
      <Button loading={isFetching} onClick={onMore}>
        {t('search.more')}
      </Button>
    </footer>
  )
}
