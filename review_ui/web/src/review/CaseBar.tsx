/** What the case is: risk, scan, station, direction, container, reason; and how long it may take. */

import { WarningFilled } from '@ant-design/icons'

import type { LeaseOut, ScanView, ScreeningOut } from '../api/types'
import { clock, containerNos, moment, riskBand } from '../format'
import { usePick, useT, useWord } from '../i18n'
import { useNowMs } from '../shell/now'
import { useSeatState } from './SeatContext'
import type { HeldLease } from './seatState'

export function CaseBar() {
  const t = useT()
  const current = useSeatState((state) => state.current)
  const view = useSeatState((state) => state.view)
  return (
    <section className="sx-case" aria-label={t('case.label')}>
      <p className="sx-sr" role="status">
        {current ? `${current.lease.scan_id} ${t(`risk.${riskBand(current.lease.risk)}`)}` : ''}
      </p>
      {current ? (
        <>
          <CaseFacts
            of={current.lease}
            scanId={current.lease.scan_id}
            scan={view?.scan ?? null}
            screening={view?.screening ?? null}
          />
          <CaseCountdowns />
        </>
      ) : (
        <span className="sx-case-none">–</span>
      )}
    </section>
  )
}

export interface CaseFactsProps {
  of: Pick<LeaseOut, 'cycle' | 'stage' | 'reason' | 'risk'>
  scanId: string
  /** Null while it is being fetched. */
  scan: ScanView | null
  screening: ScreeningOut | null
}

export function CaseFacts({ of, scanId, scan, screening }: CaseFactsProps) {
  const t = useT()
  const word = useWord()
  const band = riskBand(of.risk)
  return (
    <ul className="sx-facts">
      <li>
        <span className={`sx-risk is-${band}`}>{t(`risk.${band}`)}</span>
      </li>
      <li className="is-strong">
        <b className="sx-mono" title={t('case.scan')}>
          {scanId}
        </b>
        {of.cycle > 1 ? (
          <span className="sx-badge is-warning">{t('case.cycle', { cycle: of.cycle })}</span>
        ) : null}
        {of.stage > 1 ? <span className="sx-badge">{t(`stage.${of.stage}`)}</span> : null}
      </li>
      {scan ? <ScanFacts scan={scan} screening={screening} /> : null}
      <li>
        <span>{t('case.reason')}</span>
        <b>{word('reason', of.reason)}</b>
      </li>
      {scan ? (
        <li className="is-minor">
          <span>{t('case.scannedAt')}</span>
          <b className="sx-num">{moment(scan.scanned_at)}</b>
        </li>
      ) : null}
    </ul>
  )
}

const OTHER_NUMBER = 'container_number_mismatch'

function ScanFacts({ scan, screening }: { scan: ScanView; screening: ScreeningOut | null }) {
  const t = useT()
  const pick = usePick()
  const numbers = containerNos(scan.container_nos)
  const onPhoto = screening?.findings.find(({ kind }) => kind === OTHER_NUMBER)?.text
  return (
    <>
      <li>
        <span>{t('case.station')}</span>
        <b>
          {pick({ zh: scan.port_name_zh, en: scan.port_name_en }, scan.port)} · {scan.station_id}
        </b>
      </li>
      <li>
        <b>
          {scan.direction ? `${t(`direction.${scan.direction}`)} · ` : ''}
          {t(`modality.${scan.modality}`)}
        </b>
      </li>
      <li>
        <span>{t('case.container')}</span>
        {numbers === null ? (
          <b className="is-none">{t('case.noContainer')}</b>
        ) : (
          <b className="sx-mono">{numbers}</b>
        )}
        {scan.container_no_valid === false ? (
          <span className="sx-badge is-warning" title={t('case.containerInvalidHint')}>
            <WarningFilled /> {t('case.containerInvalid')}
          </span>
        ) : null}
        {onPhoto ? (
          <span className="sx-badge is-warning" title={t('case.otherOnPhotoHint')}>
            <WarningFilled /> {t('case.otherOnPhoto', { number: onPhoto })}
          </span>
        ) : null}
      </li>
    </>
  )
}

const LEASE_WARNING_S = 20
const DUE_WARNING = 0.25

/** How long the lease and the case's time still last; nothing without a case. */
export function CaseCountdowns() {
  const current = useSeatState((state) => state.current)
  return current ? <Countdowns held={current} /> : null
}

function Countdowns({ held }: { held: HeldLease }) {
  const t = useT()
  const nowMs = useNowMs()
  const leaseS = Math.max(0, (held.expiresAtMs - nowMs) / 1000)
  const dueS = (held.dueAtMs - nowMs) / 1000
  const part = Math.min(1, Math.max(0, dueS / Math.max(held.lease.due_in_s, 1)))
  const tone = dueS < 0 ? 'is-danger' : part < DUE_WARNING ? 'is-warning' : ''
  return (
    <div className="sx-countdowns">
      <span className={leaseS < LEASE_WARNING_S ? 'is-warning' : ''}>
        {t('case.lease')} <b className="sx-mono">{clock(leaseS)}</b>
      </span>
      <span className={tone}>
        {t('case.due')}
        <i className="sx-due">
          <i style={{ transform: `scaleX(${part})` }} />
        </i>
        <b className="sx-mono">{clock(dueS)}</b>
        {dueS < 0 ? <em>{t('case.overdue')}</em> : null}
      </span>
    </div>
  )
}
