/** Beside the live board: the last day by the hour, what is due when, how people and model agree, who is at work. */

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

import { getFigures } from '../api/supervision'
import type { BoardOut, FiguresOut, HourFigures, ReviewerAtWork } from '../api/types'
import { percent, span } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { useTheme } from '../shell/theme'
import { Chart, pageColours } from './Chart'
import { dueName, ratio, shares, sumHours } from './figures'

const LOOK_EVERY_MS = 10_000

export default function BoardFigures({ board }: { board: BoardOut }) {
  const t = useT()
  const pick = usePick()
  const [port, setPort] = useState('')
  const figures = useQuery({
    queryKey: ['figures', port],
    queryFn: () => getFigures(port),
    refetchInterval: LOOK_EVERY_MS,
    staleTime: 0,
    placeholderData: (previous) => previous,
  })
  return (
    <section className="sx-figures">
      <header>
        <h3>{t('figures.title')}</h3>
        <label>
          <span className="sx-sr">{t('history.portFilter')}</span>
          <select className="sx-input" value={port} onChange={({ target }) => setPort(target.value)}>
            <option value="">{t('history.allPorts')}</option>
            {board.ports.map((one) => (
              <option key={one.port} value={one.port}>
                {pick({ zh: one.name_zh, en: one.name_en }, one.port)}
              </option>
            ))}
          </select>
        </label>
      </header>
      {figures.data ? <Figures figures={figures.data} byBand={board.by_band} /> : null}
    </section>
  )
}

function Figures({ figures, byBand }: { figures: FiguresOut; byBand: readonly number[] }) {
  return (
    <>
      <Shares day={sumHours(figures.hours)} />
      <div className="sx-charts">
        <Throughput hours={figures.hours} />
        <Quality hours={figures.hours} />
        <Due due={figures.due} />
        <Bands byBand={byBand} />
      </div>
      <Reviewers reviewers={figures.reviewers} />
    </>
  )
}

/** Shares of the last day, with what they are shares of. */
function Shares({ day }: { day: ReturnType<typeof sumHours> }) {
  const t = useT()
  return (
    <div className="sx-tiles is-small">
      {shares(day).map(({ name, of, n }) => (
        <div key={name} className="sx-tile" title={t(`figures.${name}Hint`)}>
          <span>{t(`figures.${name}`)}</span>
          <b className="sx-num">{percent(ratio(n, of), 1)}</b>
          <small className="sx-num">{t('figures.of', { n, of })}</small>
        </div>
      ))}
    </div>
  )
}

const hourName = ({ hour }: HourFigures) => `${String(new Date(hour).getHours()).padStart(2, '0')}:00`

function useAxes() {
  const theme = useTheme()
  return useMemo(() => {
    void theme
    const colour = pageColours()
    const line = { lineStyle: { color: colour('line') } }
    const category = (data: string[]) => ({
      type: 'category',
      data,
      axisLine: line,
      axisTick: { show: false },
      axisLabel: { color: colour('text-3') },
    })
    const value = { type: 'value', minInterval: 1, splitLine: line, axisLabel: { color: colour('text-3') } }
    return { colour, category, value }
  }, [theme])
}

function Throughput({ hours }: { hours: readonly HourFigures[] }) {
  const t = useT()
  const { colour, category, value } = useAxes()
  const option = useMemo(() => {
    const bars = (name: string, figure: 'n_primary' | 'n_second' | 'n_supervisor', token: string) => ({
      name,
      type: 'bar',
      stack: 'all',
      itemStyle: { color: colour(token) },
      data: hours.map((hour) => hour[figure]),
    })
    return {
      xAxis: category(hours.map(hourName)),
      yAxis: value,
      series: [
        bars(t('stage.1'), 'n_primary', 'primary'),
        bars(t('stage.2'), 'n_second', 'drawn'),
        bars(t('stage.3'), 'n_supervisor', 'warning'),
      ],
    }
  }, [hours, t, colour, category, value])
  return <Chart label={t('figures.throughput')} option={option} />
}

function Quality({ hours }: { hours: readonly HourFigures[] }) {
  const t = useT()
  const { colour, category, value } = useAxes()
  const option = useMemo(() => {
    const line = (name: string, token: string, share: (hour: HourFigures) => number | null) => ({
      name,
      type: 'line',
      connectNulls: false,
      symbolSize: 5,
      itemStyle: { color: colour(token) },
      lineStyle: { color: colour(token) },
      data: hours.map((hour) => {
        const of = share(hour)
        return of === null ? null : Number((of * 100).toFixed(1))
      }),
    })
    return {
      xAxis: category(hours.map(hourName)),
      yAxis: { ...value, min: 0, max: 100, axisLabel: { ...value.axisLabel, formatter: '{value}%' } },
      series: [
        line(t('figures.onTime'), 'success', (hour) => ratio(hour.n_on_time, hour.n_closed)),
        line(t('figures.inspect'), 'danger', (hour) => ratio(hour.n_inspect, hour.n_closed)),
        line(t('figures.aiConfirmed'), 'primary', (hour) =>
          ratio(hour.n_flag_inspect, hour.n_flag_inspect + hour.n_flag_release),
        ),
        line(t('figures.secondAgreed'), 'drawn', (hour) => ratio(hour.n_second_agreed, hour.n_second)),
      ],
    }
  }, [hours, t, colour, category, value])
  return <Chart label={t('figures.quality')} option={option} />
}

function Due({ due }: { due: FiguresOut['due'] }) {
  const t = useT()
  const { colour, category, value } = useAxes()
  const option = useMemo(() => {
    const names = category(due.map((bucket) => dueName(bucket, t)))
    return {
      legend: { show: false },
      xAxis: { ...names, axisLabel: { ...names.axisLabel, interval: 0 } },
      yAxis: value,
      series: [
        {
          name: t('board.ready'),
          type: 'bar',
          data: due.map((bucket) => ({
            value: bucket.n,
            itemStyle: {
              color: colour(
                (bucket.to_s ?? 1) <= 0 ? 'danger' : (bucket.to_s ?? 1e9) <= 300 ? 'warning' : 'primary',
              ),
            },
          })),
        },
      ],
    }
  }, [due, t, colour, category, value])
  return <Chart label={t('figures.due')} option={option} />
}

function Bands({ byBand }: { byBand: readonly number[] }) {
  const t = useT()
  const { colour, category, value } = useAxes()
  const option = useMemo(
    () => ({
      legend: { show: false },
      xAxis: category(byBand.map((_, band) => String(band))),
      yAxis: value,
      series: [
        { name: t('board.ready'), type: 'bar', itemStyle: { color: colour('primary') }, data: [...byBand] },
      ],
    }),
    [byBand, t, colour, category, value],
  )
  return <Chart label={t('figures.bands')} option={option} />
}

function Reviewers({ reviewers }: { reviewers: readonly ReviewerAtWork[] }) {
  const t = useT()
  const word = useWord()
  return (
    <table className="sx-table is-dense sx-reviewers">
      <caption>{t('figures.reviewers', { count: reviewers.length })}</caption>
      <thead>
        <tr>
          <th scope="col">{t('history.reviewer')}</th>
          <th scope="col">{t('figures.role')}</th>
          <th scope="col">{t('board.port')}</th>
          <th scope="col">{t('figures.state')}</th>
          <th scope="col">{t('figures.working')}</th>
          <th scope="col">{t('figures.case')}</th>
          <th scope="col">{t('board.decidedLastHour')}</th>
        </tr>
      </thead>
      <tbody>
        {reviewers.map((one) => (
          <tr key={one.account_id}>
            <th scope="row">{one.name}</th>
            <td>{word('role', one.role)}</td>
            <td>{one.port ?? '–'}</td>
            <td>{t(one.is_reviewing ? 'figures.reviewing' : 'figures.away')}</td>
            <td className="sx-num">{span(one.working_s)}</td>
            <td className="sx-num">{span(one.case_s)}</td>
            <td className="sx-num">{one.n_last_hour}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
