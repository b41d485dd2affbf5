/** Figures and buttons in the reviewer's header. */

import { CoffeeOutlined, PlayCircleOutlined } from '@ant-design/icons'

import type { QueueGlance } from '../api/types'
import { clock, span } from '../format'
import { useT } from '../i18n'
import { KeyCap } from '../shell/KeyCap'
import { useNowMs } from '../shell/now'
import { continuousMs } from './fatigue'
import { useDesk, useSeatState } from './SeatContext'

export function Glance({ glance }: { glance: QueueGlance | null }) {
  const t = useT()
  const overdue = glance?.overdue ?? 0
  return (
    <dl className="sx-glance">
      <div>
        <dt>{t('glance.ready')}</dt>
        <dd>{glance?.ready ?? '–'}</dd>
      </div>
      <div className={overdue > 0 ? 'is-warning' : ''}>
        <dt>{t('glance.overdue')}</dt>
        <dd>{glance?.overdue ?? '–'}</dd>
      </div>
      <div>
        <dt>{t('glance.mine')}</dt>
        <dd>{glance?.mine_today ?? '–'}</dd>
      </div>
      <div>
        <dt>{t('glance.median')}</dt>
        <dd>{span(glance?.my_median_s ?? null)}</dd>
      </div>
    </dl>
  )
}

const RADIUS = 9
const AROUND = 2 * Math.PI * RADIUS

export function FatigueRing() {
  const t = useT()
  const nowMs = useNowMs()
  const limitMs = useDesk().config.remind_after_s * 1000
  const fatigue = useSeatState((state) => state.fatigue)
  const ms = continuousMs(fatigue, nowMs)
  const part = limitMs > 0 ? Math.min(1, ms / limitMs) : 0
  return (
    <div
      className={`sx-fatigue${part >= 1 ? ' is-over' : ''}`}
      title={t('fatigue.title', { minutes: Math.floor(ms / 60_000) })}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r={RADIUS} />
        <circle
          cx="12"
          cy="12"
          r={RADIUS}
          strokeDasharray={`${part * AROUND} ${AROUND}`}
          transform="rotate(-90 12 12)"
        />
      </svg>
      <div>
        <span>{t('fatigue.label')}</span>
        <b className="sx-num">
          {clock(ms / 1000)}
          {limitMs > 0 ? ` / ${clock(limitMs / 1000)}` : ''}
        </b>
      </div>
    </div>
  )
}

export function PauseButton() {
  const t = useT()
  const { seat } = useDesk()
  const phase = useSeatState((state) => state.phase)
  const isSending = useSeatState((state) => state.decision.at === 'sending')
  const isPaused = phase === 'paused'
  return (
    <button
      type="button"
      className={`sx-button sx-pause${isPaused ? ' is-primary' : ''}`}
      disabled={isSending}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => (isPaused ? seat.resume() : void seat.pause())}
    >
      {isPaused ? <PlayCircleOutlined /> : <CoffeeOutlined />}
      <span>{t(isPaused ? 'pause.resume' : 'pause.pause')}</span>
      <KeyCap of="pause" />
    </button>
  )
}
