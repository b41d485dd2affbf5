/** What is shown while there is no case on the screen. */

import { CoffeeOutlined, InboxOutlined, LoadingOutlined, WarningOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'

import type { QueueGlance } from '../api/types'
import { useT } from '../i18n'
import { keyLabel } from '../keys/keymap'
import { useDesk, useSeatState } from './SeatContext'

export function SeatStates({ glance }: { glance: QueueGlance | null }) {
  const t = useT()
  const { seat } = useDesk()
  const { phase, hasCase, trouble } = useSeatState((state) => ({
    phase: state.phase,
    hasCase: state.current !== null,
    trouble: state.trouble,
  }))
  if (hasCase) return null
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
