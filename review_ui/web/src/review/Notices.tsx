/** What the reviewer should know, without a dialog in the way. */

import { CloseOutlined, DisconnectOutlined } from '@ant-design/icons'
import { useEffect } from 'react'

import { useT } from '../i18n'
import { useNowMs } from '../shell/now'
import { PopOutBlocked } from './PopOut'
import { useDesk, useSeatState } from './SeatContext'
import type { NoticeKind } from './seatState'
import { TourInvitation } from './Tour'

const TONES: Record<NoticeKind, 'info' | 'warning' | 'danger'> = {
  leaseLost: 'warning',
  alreadyDecided: 'warning',
  draftRestored: 'info',
  needsGrounds: 'warning',
  sendFailed: 'danger',
  reasonsChanged: 'warning',
  pauseFailed: 'warning',
  fatigue: 'warning',
}
/** Zero stays until it is closed or replaced. */
const SHOWN_MS: Record<NoticeKind, number> = {
  leaseLost: 15_000,
  alreadyDecided: 15_000,
  draftRestored: 5_000,
  needsGrounds: 5_000,
  sendFailed: 0,
  reasonsChanged: 0,
  pauseFailed: 8_000,
  fatigue: 0,
}

export function Notices({ accountId }: { accountId: number }) {
  const t = useT()
  const { seat, config } = useDesk()
  const notice = useSeatState((state) => state.notice)
  useEffect(() => {
    if (!notice || SHOWN_MS[notice.kind] === 0) return
    const timer = setTimeout(() => seat.dismissNotice(), SHOWN_MS[notice.kind])
    return () => clearTimeout(timer)
  }, [seat, notice])
  return (
    <div className="sx-notices" role="status" aria-live="polite">
      <PopOutBlocked />
      <TourInvitation accountId={accountId} />
      {notice ? (
        <div key={notice.id} className={`sx-notice is-${TONES[notice.kind]}`}>
          <span>
            {t(`notice.${notice.kind}`, {
              scan: notice.scanId ?? '',
              code: notice.code ?? '',
              detail: notice.detail ?? '',
              minutes: Math.max(1, Math.round(config.remind_after_s / 60)),
            })}
          </span>
          <button type="button" aria-label={t('notice.close')} onClick={() => seat.dismissNotice()}>
            <CloseOutlined />
          </button>
        </div>
      ) : null}
    </div>
  )
}

export function OfflineBanner() {
  const isOffline = useSeatState((state) => state.isOffline)
  return isOffline ? <Banner /> : null
}

function Banner() {
  const t = useT()
  const { seat } = useDesk()
  const nowMs = useNowMs()
  const retryAtMs = useSeatState((state) => state.retryAtMs)
  const seconds = retryAtMs === null ? 0 : Math.ceil((retryAtMs - nowMs) / 1000)
  return (
    <div className="sx-offline" role="alert">
      <DisconnectOutlined />
      <b>{t('state.offline')}</b>
      <span>{seconds > 0 ? t('state.offlineRetry', { seconds }) : t('state.offlineTrying')}</span>
      <span>{t('state.offlineKept')}</span>
      <button type="button" className="sx-button" onClick={() => seat.retryNow()}>
        {t('state.retryNow')}
      </button>
    </div>
  )
}
