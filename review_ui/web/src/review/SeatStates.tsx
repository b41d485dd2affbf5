/** What is shown while there is no case on the screen, or nothing yet of the case that there is. */

import {
  CoffeeOutlined,
  HourglassOutlined,
  InboxOutlined,
  LoadingOutlined,
  WarningOutlined,
} from '@ant-design/icons'
import type { ReactNode } from 'react'

import type { QueueGlance } from '../api/types'
import { clock } from '../format'
import { useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { KeyCap } from '../shell/KeyCap'
import { useNowMs } from '../shell/now'
import { useDesk, useSeatState } from './SeatContext'

export function SeatStates({ glance }: { glance: QueueGlance | null }) {
  const t = useT()
  const { seat } = useDesk()
  const { phase, hasCase, hasView, trouble } = useSeatState((state) => ({
    phase: state.phase,
    hasCase: state.current !== null,
    hasView: state.view !== null,
    trouble: state.trouble,
  }))
  if (hasCase) return hasView ? null : <ViewAwaited />
  if (phase === 'resting') return <Resting />
  if (phase === 'paused') {
    return (
      <StateCard
        icon={<CoffeeOutlined />}
        title={t('state.paused')}
        hint={t('state.pausedHint', { key: keyLabel('pause') })}
      >
        <button type="button" className="sx-button is-primary" onClick={() => seat.resume()}>
          {t('pause.resume')}
        </button>
      </StateCard>
    )
  }
  if (trouble) {
    return (
      <StateCard icon={<WarningOutlined />} title={t('state.trouble')} hint={t('state.troubleHint')}>
        <code>
          {trouble.status} {trouble.code}
        </code>
        <p className="sx-state-detail">{trouble.detail}</p>
        <button type="button" className="sx-button" onClick={() => seat.retryNow()}>
          {t('state.retryNow')}
        </button>
      </StateCard>
    )
  }
  if (phase === 'empty') {
    const nReady = glance?.ready ?? 0
    const hint = nReady > 0 ? t('state.emptyWork', { count: nReady }) : t('state.emptyHint')
    return <StateCard icon={<InboxOutlined />} title={t('state.empty')} hint={hint} isQuiet />
  }
  return <StateCard icon={<LoadingOutlined />} title={t('state.starting')} isQuiet />
}

/** The case is this reviewer's; what it looks like is on its way, or could not be fetched yet. */
function ViewAwaited() {
  const t = useT()
  const { seat } = useDesk()
  const nowMs = useNowMs()
  const trouble = useSeatState((state) => state.viewTrouble)
  if (!trouble) return <StateCard icon={<LoadingOutlined />} title={t('state.starting')} isQuiet />
  const seconds = Math.ceil((trouble.retryAtMs - nowMs) / 1000)
  return (
    <StateCard icon={<WarningOutlined />} title={t('state.viewAway')} hint={t('state.viewAwayHint')}>
      <code>{trouble.code}</code>
      <p className="sx-num" aria-live="off">
        {seconds > 0 ? t('state.offlineRetry', { seconds }) : t('state.offlineTrying')}
      </p>
      <button type="button" className="sx-button" onClick={() => seat.retryNow()}>
        {t('state.retryNow')}
      </button>
    </StateCard>
  )
}

/** A break is due. The clock is not read out every second; the next case comes without a key. */
function Resting() {
  const t = useT()
  const { seat } = useDesk()
  const nowMs = useNowMs()
  const untilMs = useSeatState((state) => state.restUntilMs)
  return (
    <StateCard icon={<HourglassOutlined />} title={t('state.resting')} hint={t('state.restingHint')}>
      <p className="sx-rest-clock sx-num" role="timer" aria-live="off" aria-label={t('state.restingClock')}>
        {clock(Math.max(0, (untilMs - nowMs) / 1000))}
      </p>
      <small>{t('state.restingClock')}</small>
      <button type="button" className="sx-button" onClick={() => void seat.pause()}>
        {t('state.restLonger')} <KeyCap of="pause" />
      </button>
    </StateCard>
  )
}

interface StateCardProps {
  icon: ReactNode
  title: string
  hint?: string
  isQuiet?: boolean
  children?: ReactNode
}

function StateCard({ icon, title, hint, isQuiet, children }: StateCardProps) {
  return (
    <div className={`sx-state${isQuiet ? ' is-quiet' : ''}`} role="status">
      {icon}
      <h2>{title}</h2>
      {hint ? <p>{hint}</p> : null}
      {children}
    </div>
  )
}
