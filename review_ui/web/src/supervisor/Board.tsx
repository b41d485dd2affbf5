/** The live board: the state of every port's queue. */

import { lazy, Suspense } from 'react'

import type { LinkState } from '../api/events'
import type { BoardOut, PortBoard } from '../api/types'
import { percent, span, timeOfDay } from '../format'
import { usePick, useT } from '../i18n'
import { totals } from './boardTotals'

// With the charts, which are large.
const BoardFigures = lazy(() => import('./BoardFigures'))

const STAGES = [1, 2, 3] as const

export function Board({ board, link }: { board: BoardOut | null; link: LinkState }) {
  const t = useT()
  if (!board) return <main className="sx-board is-waiting">{t('app.loading')}</main>
  const sum = totals(board.ports)
  return (
    <main className={`sx-board${link === 'down' ? ' is-stale' : ''}`}>
      <header>
        <h2>{t('board.title')}</h2>
        <span role="status">
          {link === 'down' ? `${t('glance.down')} · ` : ''}
          {t('board.updated', { time: timeOfDay(new Date(board.at)) })}
        </span>
      </header>
      <div className="sx-tiles">
        <Tile name={t('board.ready')} value={sum.ready} />
        <Tile name={t('board.leased')} value={sum.leased} />
        <Tile name={t('board.overdue')} value={sum.overdue} tone={sum.overdue > 0 ? 'danger' : 'good'} />
        <Tile name={t('board.screening')} value={sum.screening} />
        <Tile name={t('board.oldest')} value={span(sum.oldest_s)} />
        <Tile name={t('board.decidedLastHour')} value={sum.decided_last_hour} />
        <Tile name={t('board.reviewers')} value={board.reviewers_active} />
        <Tile name={t('board.median')} value={span(board.median_handling_s)} />
        <Tile
          name={t('board.onTime')}
          value={percent(board.on_time_ratio, 1)}
          tone={onTimeTone(board.on_time_ratio)}
        />
      </div>
      <PortTable ports={board.ports} />
      <Suspense>
        <BoardFigures board={board} />
      </Suspense>
    </main>
  )
}

type Tone = 'good' | 'warning' | 'danger' | undefined

function onTimeTone(ratio: number | null): Tone {
  if (ratio === null) return undefined
  if (ratio >= 0.95) return 'good'
  return ratio >= 0.85 ? 'warning' : 'danger'
}

function Tile({ name, value, tone }: { name: string; value: string | number; tone?: Tone }) {
  return (
    <div className={`sx-tile${tone ? ` is-${tone}` : ''}`}>
      <span>{name}</span>
      <b className="sx-num">{value}</b>
    </div>
  )
}

function PortTable({ ports }: { ports: readonly PortBoard[] }) {
  const t = useT()
  const widest = Math.max(1, ...ports.map((port) => port.ready + port.leased))
  return (
    <table className="sx-table">
      <thead>
        <tr>
          <th scope="col">{t('board.port')}</th>
          <th scope="col" className="is-bar">
            {t('board.ready')} / {t('board.leased')}
          </th>
          <th scope="col">{t('board.ready')}</th>
          {STAGES.map((stage) => (
            <th scope="col" key={stage}>
              {t(`stage.${stage}`)}
            </th>
          ))}
          <th scope="col">{t('board.leased')}</th>
          <th scope="col">{t('board.overdue')}</th>
          <th scope="col">{t('board.oldest')}</th>
          <th scope="col">{t('board.screening')}</th>
          <th scope="col">{t('board.decidedLastHour')}</th>
        </tr>
      </thead>
      <tbody>
        {ports.map((port) => (
          <PortRow key={port.port} port={port} widest={widest} />
        ))}
        {ports.length === 0 ? (
          <tr>
            <td colSpan={8 + STAGES.length}>{t('board.empty')}</td>
          </tr>
        ) : null}
      </tbody>
    </table>
  )
}

function PortRow({ port, widest }: { port: PortBoard; widest: number }) {
  const t = useT()
  const pick = usePick()
  const isClear = port.ready + port.leased === 0
  return (
    <tr>
      <th scope="row">
        {pick({ zh: port.name_zh, en: port.name_en }, port.port)}{' '}
        <small className="sx-mono">{port.port}</small>
      </th>
      <td className="is-bar">
        {isClear ? (
          <span className="sx-clear">{t('board.clear')}</span>
        ) : (
          <i className="sx-load-bar" aria-hidden="true">
            <i className="is-overdue" style={{ flexGrow: port.overdue }} />
            <i className="is-ready" style={{ flexGrow: Math.max(0, port.ready - port.overdue) }} />
            <i className="is-leased" style={{ flexGrow: port.leased }} />
            <i style={{ flexGrow: widest - port.ready - port.leased }} />
          </i>
        )}
      </td>
      <td className="sx-num">{port.ready}</td>
      {STAGES.map((stage) => (
        <td className="sx-num" key={stage}>
          {port.by_stage[stage - 1]}
        </td>
      ))}
      <td className="sx-num">{port.leased}</td>
      <td className={`sx-num${port.overdue > 0 ? ' is-danger' : ''}`}>{port.overdue}</td>
      <td className="sx-num">{span(port.oldest_s)}</td>
      <td className="sx-num">{port.screening}</td>
      <td className="sx-num">{port.decided_last_hour}</td>
    </tr>
  )
}
