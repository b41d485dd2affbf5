/** The verdict: reasons, note, the four choices, and the undo window before it is sent. */

import {
  ArrowUpOutlined,
  CheckOutlined,
  LoadingOutlined,
  ReloadOutlined,
  SafetyOutlined,
  ThunderboltFilled,
} from '@ant-design/icons'
import type { KeyboardEvent, ReactNode } from 'react'

import type { Verdict } from '../api/types'
import { percent } from '../format'
import { usePick, useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { usePane, usePaneState } from '../pane/PaneContext'
import { useSettings } from '../settings'
import { KeyCap } from '../shell/KeyCap'
import { reasonsFor, verdictsAt } from './decision'
import { useDesk, useSeatState } from './SeatContext'
import { scanKey } from './seatState'

const ICONS: Record<Verdict, ReactNode> = {
  release: <CheckOutlined />,
  inspect: <SafetyOutlined />,
  escalate: <ArrowUpOutlined />,
  rescan: <ReloadOutlined />,
}

export function DecisionBar() {
  const t = useT()
  const stage = useSeatState((state) => state.current?.lease.stage ?? 1)
  return (
    <section className="sx-decision" aria-label={t('decision.label')}>
      <Reasons />
      <Note />
      <div className="sx-verdicts" role="toolbar" aria-label={t('decision.label')}>
        {verdictsAt(stage).map((verdict) => (
          <VerdictButton key={verdict} verdict={verdict} icon={ICONS[verdict]} />
        ))}
      </div>
      <NextCase />
      <Submit />
    </section>
  )
}

function useVerdict(): Verdict | null {
  return useSeatState(({ decision }) => (decision.at === 'open' ? null : decision.verdict))
}

function useIsLocked(): boolean {
  return useSeatState(
    ({ view, decision }) => view === null || decision.at === 'undo' || decision.at === 'sending',
  )
}

function VerdictButton({ verdict, icon }: { verdict: Verdict; icon: ReactNode }) {
  const t = useT()
  const { seat } = useDesk()
  const isOn = useVerdict() === verdict
  const isLocked = useIsLocked()
  return (
    <button
      type="button"
      className={`sx-verdict-button is-${verdict}${isOn ? ' is-on' : ''}`}
      aria-pressed={isOn}
      aria-keyshortcuts={keyLabel(verdict)}
      disabled={isLocked}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => (isOn ? seat.hand.cancel() : seat.hand.choose(verdict))}
    >
      {icon}
      <span>{t(`verdict.${verdict}`)}</span>
      <KeyCap of={verdict} />
    </button>
  )
}

function Reasons() {
  const t = useT()
  const pick = usePick()
  const { seat, config } = useDesk()
  const verdict = useVerdict()
  const isLocked = useIsLocked()
  const codes = useSeatState(({ decision }) => (decision.at === 'open' ? [] : decision.reasonCodes))
  const offered = verdict ? reasonsFor(verdict, config.reason_codes) : []
  return (
    <fieldset className="sx-reasons" disabled={isLocked}>
      <legend>{t('decision.reasons')}</legend>
      {verdict ? null : <span className="sx-reasons-hint">{t('decision.chooseFirst')}</span>}
      {offered.map((reason, index) => {
        const isOn = codes.includes(reason.code)
        const name = pick(reason, reason.code)
        return (
          <button
            key={reason.code}
            type="button"
            className={`sx-reason${isOn ? ' is-on' : ''}`}
            aria-pressed={isOn}
            title={name}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => seat.hand.toggleReason(reason.code)}
          >
            <span>{name}</span>
            {index < 10 ? (
              <span className="sx-cap" aria-hidden="true">
                {(index + 1) % 10}
              </span>
            ) : null}
          </button>
        )
      })}
    </fieldset>
  )
}

function Note() {
  const t = useT()
  const pane = usePane()
  const { seat } = useDesk()
  const note = useSeatState((state) => state.draft.note)
  const isLocked = useIsLocked()
  const leave = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
    event.preventDefault()
    pane.focusHost()
    if (event.key === 'Enter') seat.hand.confirm()
  }
  return (
    <label className="sx-note">
      <span className="sx-sr">{t('decision.note')}</span>
      <input
        id="sx-note"
        type="text"
        className="sx-input"
        maxLength={2000}
        autoComplete="off"
        placeholder={t('decision.note')}
        value={note}
        disabled={isLocked}
        onChange={(event) => seat.hand.setNote(event.target.value)}
        onKeyDown={leave}
      />
      <KeyCap of="note" />
    </label>
  )
}

function NextCase() {
  const t = useT()
  const key = useSeatState((state) => (state.next ? scanKey(state.next.lease) : null))
  const load = usePaneState((state) => (key === null ? undefined : state.loads[key]))
  const isReady = load?.stage === 'full' && load.ratio >= 1
  const text =
    key === null
      ? t('next.none')
      : isReady
        ? t('next.ready')
        : t('next.loading', { percent: percent(load?.stage === 'full' ? load.ratio : 0) })
  return (
    <div className={`sx-next${isReady ? ' is-ready' : ''}`}>
      <span>
        <ThunderboltFilled aria-hidden /> {t('next.label')} <b className="sx-num">{text}</b>
      </span>
      <small>{t('next.hint')}</small>
    </div>
  )
}

/** Sends the verdict, or takes it back while that is possible. */
export function Submit() {
  const decision = useSeatState((state) => state.decision)
  const hasView = useSeatState((state) => state.view !== null)
  if (decision.at === 'undo') return <UndoButton verdict={decision.verdict} />
  if (decision.at === 'sending') return <Sending />
  return <SubmitButton isReady={hasView && decision.at === 'chosen'} />
}

function SubmitButton({ isReady }: { isReady: boolean }) {
  const t = useT()
  const { seat } = useDesk()
  return (
    <button
      type="button"
      className="sx-submit"
      disabled={!isReady}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => seat.hand.confirm()}
    >
      <span>{t(isReady ? 'decision.submit' : 'decision.chooseVerdict')}</span>
      {isReady ? <KeyCap of="confirm" /> : null}
    </button>
  )
}

function UndoButton({ verdict }: { verdict: Verdict }) {
  const t = useT()
  const { seat } = useDesk()
  const undoMs = useSettings((settings) => settings.undoMs)
  return (
    <button
      type="button"
      className={`sx-submit is-undo is-${verdict}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => seat.hand.cancel()}
    >
      <i style={{ animationDuration: `${undoMs}ms` }} />
      <span role="status">
        {t('decision.sendsIn', { verdict: t(`verdict.${verdict}`), seconds: undoMs / 1000 })}
        <small>{t('decision.again')}</small>
      </span>
      <b>
        {t('decision.undo')} <KeyCap of="cancel" />
      </b>
    </button>
  )
}

function Sending() {
  const t = useT()
  const isOffline = useSeatState((state) => state.isOffline)
  return (
    <div className="sx-submit is-sending" role="status">
      <LoadingOutlined />
      <span>{t(isOffline ? 'decision.retrying' : 'decision.sending')}</span>
    </div>
  )
}
