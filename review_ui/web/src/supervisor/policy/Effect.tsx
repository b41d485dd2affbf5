/** What a policy would do to the cases that wait now, as the server has counted it. */

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { ApiError } from '../../api/client'
import { getPolicyEffect } from '../../api/supervision'
import type { PolicyBody, PolicyEffectOut } from '../../api/types'
import { percent, timeOfDay } from '../../format'
import { useT, useWord } from '../../i18n'

const PAUSE_MS = 400

/** The value once it has stayed the same for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

export function Effect({ policy, isValid }: { policy: PolicyBody; isValid: boolean }) {
  const t = useT()
  const settled = useSettled(JSON.stringify(policy))
  const effect = useQuery({
    queryKey: ['policy-effect', settled],
    queryFn: ({ signal }) => getPolicyEffect(JSON.parse(settled) as PolicyBody, signal),
    enabled: isValid,
    staleTime: 10_000,
    placeholderData: (previous) => previous,
  })
  const isCurrent = isValid && settled === JSON.stringify(policy) && !effect.isPlaceholderData
  return (
    <section className={`sx-effect${isCurrent ? '' : ' is-old'}`} aria-busy={effect.isFetching}>
      <h3>
        {t('effect.title')}{' '}
        {effect.data ? (
          <small role="status">
            {t('effect.at', { time: timeOfDay(new Date(effect.data.at)), count: effect.data.n_waiting })}
          </small>
        ) : null}
      </h3>
      {effect.error ? (
        <p role="alert" className="sx-fault">
          {effect.error instanceof ApiError ? effect.error.detail : effect.error.name}
        </p>
      ) : null}
      {effect.data ? <Figures effect={effect.data} /> : null}
    </section>
  )
}

function Figures({ effect }: { effect: PolicyEffectOut }) {
  const t = useT()
  const word = useWord()
  const moves = effect.bands.filter(({ band, band_then }) => band !== band_then)
  const kinds = effect.kinds.filter(
    (kind) => String(kind.quals_before) !== String(kind.quals_then) || kind.n_able_then === 0,
  )
  return (
    <>
      <dl className="sx-effect-figures">
        <Figure name={t('effect.sooner')} value={effect.n_sooner} />
        <Figure name={t('effect.later')} value={effect.n_later} />
        <Figure name={t('effect.dueSooner')} value={effect.n_due_sooner} />
        <Figure
          name={t('effect.second')}
          value={`${percent(effect.second_share_before, 1)} → ${percent(effect.second_share_then, 1)}`}
        />
      </dl>
      {moves.length > 0 ? (
        <ul className="sx-band-moves" aria-label={t('effect.moves')}>
          {moves.map(({ band, band_then, n }) => (
            <li key={`${band}-${band_then}`} className={band_then < band ? 'is-sooner' : 'is-later'}>
              {t('effect.move', { before: band, after: band_then })} <b className="sx-num">{n}</b>
            </li>
          ))}
        </ul>
      ) : null}
      <table className="sx-table is-dense">
        <caption>{t('effect.secondCaption')}</caption>
        <tbody>
          {effect.second_review.map((one) => (
            <tr key={one.verdict}>
              <th scope="row">{word('verdict', one.verdict)}</th>
              <td className="sx-num">
                {one.verdict_share === null
                  ? ''
                  : t('effect.verdictShare', { share: percent(one.verdict_share) })}
              </td>
              <td className="sx-num">
                {percent(one.before, 1)} → <b>{percent(one.after, 1)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {kinds.length > 0 ? (
        <table className="sx-table is-dense">
          <caption>{t('effect.ableCaption')}</caption>
          <tbody>
            {kinds.map((kind) => (
              <tr key={`${kind.port}-${kind.modality}-${kind.reason}`}>
                <th scope="row">
                  {kind.port} · {word('modality', kind.modality)} · {word('reason', kind.reason)}
                </th>
                <td className="sx-num">{t('effect.cases', { count: kind.n })}</td>
                <td className={`sx-num${kind.n_able_then === 0 ? ' is-danger' : ''}`}>
                  {t('effect.able', { before: kind.n_able_before, after: kind.n_able_then })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </>
  )
}

function Figure({ name, value }: { name: string; value: string | number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="sx-num">{value}</dd>
    </div>
  )
}
