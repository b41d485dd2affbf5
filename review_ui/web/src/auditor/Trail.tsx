/** The audit trail: searched, newest first, and exported as it is sealed. */

import { DownloadOutlined, SearchOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { type FormEvent, useEffect, useState } from 'react'
import { exportUrl, searchTrail, type TrailRow } from '../api/office'
import type { AccountOut } from '../api/types'
import { moment } from '../format'
import { EVENT_NAMES, useT, useWord } from '../i18n'
import { briefDetail } from '../shell/briefDetail'
import { Failure } from '../shell/Failure'
import { Actor } from './actor'
import { type Filters, NO_FILTERS, queryOf } from './filters'

const PAGE_ROWS = 100
const ACTOR_KINDS = ['any', 'account', 'station', 'system'] as const

export function Trail({ account }: { account: AccountOut }) {
  const [sought, setSought] = useState<Filters>(NO_FILTERS)
  const found = useTrail(sought)
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <main className="sx-office">
      <FilterBar
        isBusy={found.isFetching}
        onSearch={(filters) => {
          setSought(filters)
          if (filters === sought) void found.refetch()
        }}
      />
      <div className="sx-office-scroll">
        <Failure error={found.error} />
        <TrailTable rows={rows} account={account} />
        <Foot found={found} nRows={rows.length} />
      </div>
    </main>
  )
}

type Found = ReturnType<typeof useTrail>

/** A look that finds little goes on by itself until there is a page, or the trail's beginning. */
function useTrail(sought: Filters) {
  const query = queryOf(sought)
  const found = useInfiniteQuery({
    queryKey: ['trail', query.toString()],
    queryFn: ({ pageParam, signal }) => {
      const parameters = new URLSearchParams(query)
      parameters.set('limit', String(PAGE_ROWS))
      if (pageParam) parameters.set('before', pageParam)
      return searchTrail(parameters, signal)
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_before ?? undefined,
    staleTime: 0,
  })
  const lastPage = found.data?.pages.at(-1)
  const isThin = lastPage !== undefined && lastPage.rows.length === 0
  const { hasNextPage, isFetching, fetchNextPage } = found
  useEffect(() => {
    if (isThin && hasNextPage && !isFetching) void fetchNextPage()
  }, [isThin, hasNextPage, isFetching, fetchNextPage])
  return found
}

function FilterBar({ isBusy, onSearch }: { isBusy: boolean; onSearch: (filters: Filters) => void }) {
  const t = useT()
  const word = useWord()
  const [filters, setFilters] = useState<Filters>(NO_FILTERS)
  const set = (changes: Partial<Filters>) => setFilters({ ...filters, ...changes })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSearch(filters)
  }
  const query = queryOf(filters)
  return (
    <header>
      <h2>{t('nav.trail')}</h2>
      <search>
        <form className="sx-filters" onSubmit={submit}>
          <label>
            {t('trail.subject')}
            <input
              className="sx-input"
              value={filters.subject}
              maxLength={60}
              placeholder={t('trail.subjectHint')}
              onChange={(event) => set({ subject: event.target.value })}
            />
          </label>
          <label>
            {t('trail.actorKind')}
            <select
              className="sx-input"
              value={filters.actorKind}
              onChange={(event) => set({ actorKind: event.target.value as Filters['actorKind'] })}
            >
              {ACTOR_KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`trail.kind.${kind}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t('trail.actor')}
            <input
              className="sx-input"
              value={filters.actor}
              maxLength={70}
              disabled={filters.actorKind === 'any'}
              onChange={(event) => set({ actor: event.target.value })}
            />
          </label>
          <label>
            {t('trail.event')}
            <select
              className="sx-input"
              value={filters.event}
              onChange={(event) => set({ event: event.target.value })}
            >
              <option value="">{t('trail.anyEvent')}</option>
              {EVENT_NAMES.map((name) => (
                <option key={name} value={name}>
                  {word('event', name)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t('trail.since')}
            <input
              className="sx-input"
              type="datetime-local"
              value={filters.since}
              onChange={(event) => set({ since: event.target.value })}
            />
          </label>
          <label>
            {t('trail.until')}
            <input
              className="sx-input"
              type="datetime-local"
              value={filters.until}
              onChange={(event) => set({ until: event.target.value })}
            />
          </label>
          <Button type="primary" htmlType="submit" icon={<SearchOutlined />} loading={isBusy}>
            {t('trail.search')}
          </Button>
          <Button
            onClick={() => {
              setFilters(NO_FILTERS)
              onSearch(NO_FILTERS)
            }}
          >
            {t('trail.clear')}
          </Button>
          <span className="sx-exports">
            <Button
              download
              href={exportUrl(query, 'csv')}
              icon={<DownloadOutlined />}
              title={t('trail.exportHint')}
            >
              CSV
            </Button>
            <Button
              href={exportUrl(query, 'jsonl')}
              icon={<DownloadOutlined />}
              title={t('trail.exportHint')}
            >
              JSON Lines
            </Button>
          </span>
        </form>
      </search>
    </header>
  )
}

function TrailTable({ rows, account }: { rows: readonly TrailRow[]; account: AccountOut }) {
  const t = useT()
  return (
    <table className="sx-table is-dense sx-trail">
      <thead>
        <tr>
          <th scope="col">{t('record.seq')}</th>
          <th scope="col">{t('history.time')}</th>
          <th scope="col">{t('trail.event')}</th>
          <th scope="col">{t('trail.actor')}</th>
          <th scope="col">{t('trail.case')}</th>
          <th scope="col">{t('history.scan')}</th>
          <th scope="col">{t('trail.what')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Line key={`${row.xid} ${row.seq}`} row={row} account={account} />
        ))}
      </tbody>
    </table>
  )
}

function Line({ row, account }: { row: TrailRow; account: AccountOut }) {
  const t = useT()
  const word = useWord()
  return (
    <tr>
      <td className="sx-mono">{row.seq}</td>
      <td className="sx-num">{moment(row.at)}</td>
      <th scope="row" title={row.event}>
        {word('event', row.event)}
      </th>
      <td>
        <Actor row={row} account={account} />
      </td>
      <td className="sx-mono">
        {row.case_id === null ? (
          ''
        ) : (
          <a href={`#/case/${row.case_id}`} aria-label={t('trail.openCase', { id: row.case_id })}>
            {row.case_id}
          </a>
        )}
      </td>
      <td className="sx-mono">{row.scan_id ?? ''}</td>
      <td className="is-text" title={row.detail ?? undefined}>
        {row.stage ? `${word('stage', String(row.stage))} ` : ''}
        {row.verdict ? (
          <span className={`sx-verdict is-${row.verdict}`}>{word('verdict', row.verdict)}</span>
        ) : null}{' '}
        <small>{briefDetail(row.detail)}</small>
      </td>
    </tr>
  )
}

function Foot({ found, nRows }: { found: Found; nRows: number }) {
  const t = useT()
  if (found.error) return null
  const lookedTo = found.data?.pages.findLast((page) => page.looked_to !== null)?.looked_to
  return (
    <footer role="status">
      {lookedTo ? <span>{t('trail.lookedTo', { time: moment(lookedTo), n: nRows })}</span> : null}
      {found.hasNextPage ? (
        <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('trail.more')}
        </Button>
      ) : (
        <span>{found.isPending ? t('app.loading') : t('trail.beginning')}</span>
      )}
    </footer>
  )
}
