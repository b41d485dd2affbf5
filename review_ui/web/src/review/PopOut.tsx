/** The second window: its buttons, the bar above what it shows, and what is said when the browser refuses it. */

import { CloseOutlined, ExportOutlined, ImportOutlined } from '@ant-design/icons'
import { useEffect } from 'react'
import { createPortal } from 'react-dom'

import { useT } from '../i18n'
import { keyLabels } from '../keys/bindings'
import { KeyCap } from '../shell/KeyCap'
import { type Part, usePopOut } from '../shell/popOut'
import { windowOf } from '../viewer/screen'
import { CaseCountdowns } from './CaseBar'
import { Submit } from './DecisionBar'
import { useSeatState } from './SeatContext'

const ACTION = { image: 'popImage', panel: 'popPanel' } as const

export function PopOutButton({ part, className }: { part: Part; className: string }) {
  const t = useT()
  const { part: shown, toggle } = usePopOut()
  const isOn = shown === part
  const keys = keyLabels(ACTION[part])
  return (
    <button
      type="button"
      className={`${className}${isOn ? ' is-on' : ''}`}
      aria-pressed={isOn}
      aria-keyshortcuts={keys.join(' ')}
      aria-label={`${t('second.button')}: ${t(`second.${part}`)}`}
      title={`${t(`second.${part}`)} (${keys.join(' / ')})`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => toggle(part)}
    >
      {isOn ? <ImportOutlined /> : <ExportOutlined />}
      <span>{t('second.button')}</span>
      <KeyCap of={ACTION[part]} />
    </button>
  )
}

/** Ends with the workstation; until then the second window has a bar with what must not be missed. */
export function PopOut() {
  const { part, room, close } = usePopOut()
  useEffect(() => close, [close])
  return part && room ? createPortal(<Bar part={part} room={room} />, room) : null
}

function Bar({ part, room }: { part: Part; room: HTMLElement }) {
  const t = useT()
  const scanId = useSeatState((state) => state.current?.lease.scan_id)
  const isDeciding = useSeatState((state) => state.decision.at !== 'open')
  const title = `${t(`second.title.${part}`)} · ${t('app.name')}`
  useEffect(() => {
    windowOf(room).document.title = title
  }, [room, title])
  return (
    <header className="sx-popout-bar">
      <h1>{t(`second.title.${part}`)}</h1>
      <b className="sx-mono">{scanId ?? '–'}</b>
      <CaseCountdowns />
      {isDeciding ? <Submit /> : null}
      <PopOutButton part={part} className="sx-button" />
    </header>
  )
}

export function PopOutBlocked() {
  const t = useT()
  const { isBlocked, forgetBlocked } = usePopOut()
  if (!isBlocked) return null
  return (
    <div className="sx-notice is-warning">
      <span>{t('second.blocked')}</span>
      <button type="button" aria-label={t('notice.close')} onClick={forgetBlocked}>
        <CloseOutlined />
      </button>
    </div>
  )
}
