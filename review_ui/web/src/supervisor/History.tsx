/** Past decisions, newest first, and beside them the record of the one that was chosen. */

import { ReloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { useState } from 'react'

import { getBoard, getDecisions } from '../api/endpoints'
import type { AccountOut, DecisionRow, UiConfig } from '../api/types'
import { containerNos, moment, riskBand, span } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { failureText } from '../shell/Failure'
import { useReasonName } from '../shell/reasonName'
import { CaseRecord } from './CaseRecord'
import { chooseByArrows } from './rowKeys'

const PAGE_ROWS = 60

export default function History({ account, config }: { account: AccountOut; config: UiConfig }) {
  const [port, setPort] = useState<string>('')
  const [chosen, setChosen] = useState<DecisionRow | null>(null)
  const decisions = useDecisions(port)
  const rows = decisions.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <main className={`sx-history${chosen ? ' has-record' : ''}`}>
      <section className="sx-history-list">
        <Filters
          account={account}
          port={port}
          onPort={setPort}
          isBusy={decisions.isFetching}
          onRefresh={() => void decisions.refetch()}
        />
        <DecisionTable
          rows={rows}
          chosen={chosen}
          onChoose={setChosen}
          config={config}
          isLoading={decisions.isPending}
        />
        <Foot decisions={decisions} nRows={rows.length} />
      </section>
      {chosen ? (
        <CaseRecord
          key={chosen.decision_id}
          caseId={chosen.case_id}
          scanId={chosen.scan_id}
          chosen={chosen}
          config={config}
          account={account}
          onClose={() => setChosen(null)}
        />
      ) : null}
    </main>
  )
}

function useDecisions(port: string) {
  return useInfiniteQuery({
    queryKey: ['decisions', port],
    queryFn: ({ pageParam }) =>
      getDecisions({ before: pageParam, port: port || undefined, limit: PAGE_ROWS }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before ?? undefined,
    refetchInterval: (query) => (query.state.data && query.state.data.pages.length > 1 ? false : 20_000),
  })
}

interface FiltersProps {
  account: AccountOut
  port: string
  onPort: (port: string) => void
  isBusy: boolean
  onRefresh: () => void
}

function Filters({ account, port, onPort, isBusy, onRefresh }: FiltersProps) {
  const t = useT()
  const pick = usePick()
  // Only supervisors have the board, and with it the names of the ports.
  const board = useQuery({ queryKey: ['board'], queryFn: getBoard, enabled: account.role === 'supervisor' })
  const ports = board.data?.ports ?? []
  return (
    <header className="sx-history-head">
      <h2>{t('history.title')}</h2>
      {ports.length > 0 ? (
        <Select
          aria-label={t('history.portFilter')}
          value={port}
          onChange={onPort}
          popupMatchSelectWidth={false}
          options={[
            { value: '', label: t('history.allPorts') },
            ...ports.map((one) => ({
              value: one.port,
              label: pick({ zh: one.name_zh, en: one.name_en }, one.port),
            })),
          ]}
        />
      ) : null}
      <Button icon={<ReloadOutlined />} loading={isBusy} onClick={onRefresh}>
        {t('history.refresh')}
      </Button>
    </header>
  )
}

interface DecisionTableProps {
  rows: readonly DecisionRow[]
  chosen: DecisionRow | null
  config: UiConfig
  isLoading: boolean
  onChoose: (row: DecisionRow) => void
}

function DecisionTable({ rows, chosen, config, isLoading, onChoose }: DecisionTableProps) {
  const t = useT()
  const current = rows.find((row) => row.decision_id === chosen?.decision_id)
  return (
    <div className="sx-history-scroll">
      <table className="sx-table is-dense">
        <thead>
          <tr>
            <th scope="col">{t('history.time')}</th>
            <th scope="col">{t('history.scan')}</th>
            <th scope="col">{t('history.verdict')}</th>
            <th scope="col">{t('history.stage')}</th>
            <th scope="col">{t('history.disposition')}</th>
            <th scope="col">{t('history.reviewer')}</th>
            <th scope="col" className="is-wide">
              {t('history.container')}
            </th>
            <th scope="col" className="is-wide">
              {t('history.port')}
            </th>
            <th scope="col" className="is-wide">
              {t('history.risk')}
            </th>
            <th scope="col" className="is-wide">
              {t('history.handling')}
            </th>
            <th scope="col" className="is-wide">
              {t('history.reasons')}
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={(event) => chooseByArrows(event, rows, current, onChoose)}>
          {rows.map((row) => (
            <Row
              key={row.decision_id}
              row={row}
              config={config}
              isChosen={row.decision_id === chosen?.decision_id}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? (
        <p className="sx-history-none">{t(isLoading ? 'app.loading' : 'history.empty')}</p>
      ) : null}
    </div>
  )
}

interface RowProps {
  row: DecisionRow
  config: UiConfig
  isChosen: boolean
  onChoose: (row: DecisionRow) => void
}

function Row({ row, config, isChosen, onChoose }: RowProps) {
  const t = useT()
  const word = useWord()
  const reasons = row.reason_codes.map(useReasonName(config))
  return (
    <tr className={isChosen ? 'is-chosen' : ''} onClick={() => onChoose(row)}>
      <td className="sx-num">{moment(row.decided_at)}</td>
      <td className="sx-mono">
        <button type="button" aria-label={t('history.open', { scan: row.scan_id })} aria-pressed={isChosen}>
          {row.scan_id}
        </button>
        {row.cycle > 1 ? <small> ×{row.cycle}</small> : null}
      </td>
      <td>
        <span className={`sx-verdict is-${row.verdict}`}>{t(`verdict.${row.verdict}`)}</span>
      </td>
      <td>{word('stage', String(row.stage))}</td>
      <td>{row.disposition ? word('disposition', row.disposition) : <i>{t('disposition.none')}</i>}</td>
      <td>{row.reviewer}</td>
      <td className="is-wide sx-mono">{containerNos(row.container_nos) ?? '–'}</td>
      <td className="is-wide">{row.port}</td>
      <td className="is-wide">
        <span className={`sx-risk is-${riskBand(row.risk)} sx-num`}>{row.risk.toFixed(2)}</span>
      </td>
      <td className="is-wide sx-num">{span(row.handling_s)}</td>
      <td className="is-wide is-text" title={row.note}>
        {[...reasons, row.note].filter(Boolean).join(' · ')}
      </td>
    </tr>
  )
}

function Foot({ decisions, nRows }: { decisions: ReturnType<typeof useDecisions>; nRows: number }) {
  const t = useT()
  const { error, hasNextPage, isFetchingNextPage, fetchNextPage } = decisions
  if (error) {
    return <footer role="alert">{failureText(t, error)}</footer>
  }
  return (
    <footer>
      {hasNextPage ? (
        <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('history.more')}
        </Button>
      ) : (
        <span>{nRows > 0 ? t('history.end') : ''}</span>
      )}
    </footer>
  )
}
