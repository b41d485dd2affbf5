/**
 * The help made from the key table.
 *
 * The browser's own dialog: antd's locks scrolling with a style element that has no nonce.
 */

import { CloseOutlined } from '@ant-design/icons'
import { Fragment, useEffect, useRef, useState } from 'react'

import { usePick, useT } from '../i18n'
import { usePaneState } from '../pane/PaneContext'
import { MODES, presetsOf } from '../pane/pane'
import { useSettings } from '../settings'
import { type HelpRow, helpGroups } from './help'
import { KeyChange } from './KeyChange'

export interface HelpDialogProps {
  onClose: () => void
  onTour: () => void
}

export default function HelpDialog({ onClose, onTour }: HelpDialogProps) {
  const t = useT()
  const dialog = useRef<HTMLDialogElement>(null)
  const [trouble, setTrouble] = useState('')
  const hasOwnKeys = useSettings(({ keys }) => Object.keys(keys).length > 0)
  const resetKeys = useSettings((settings) => settings.resetKeys)
  useSettings((settings) => settings.keys)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes a dialog by itself; the click is one beside it
    <dialog
      ref={dialog}
      className="sx-dialog"
      aria-label={t('help.title')}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <header>
        <h2>{t('help.title')}</h2>
        <button
          type="button"
          className="sx-button sx-help-tour"
          onClick={() => {
            onClose()
            onTour()
          }}
        >
          {t('tour.start')}
        </button>
        <button type="button" className="sx-button" aria-label={t('notice.close')} onClick={onClose}>
          <CloseOutlined />
        </button>
      </header>
      <div className="sx-help">
        {helpGroups().map(({ group, rows }) => (
          <section key={group}>
            <h3>{t(`help.group.${group}`)}</h3>
            <dl>
              {rows.map((row) => (
                <Fragment key={row.text}>
                  <dt>
                    {row.changes ? (
                      <KeyChange
                        id={row.changes}
                        label={t(`key.${row.text}`)}
                        keys={row.keys}
                        onTrouble={setTrouble}
                      />
                    ) : (
                      row.keys.map((key) => (
                        <kbd key={key} className="sx-key">
                          {key}
                        </kbd>
                      ))
                    )}
                  </dt>
                  <dd>
                    {t(`key.${row.text}`)}
                    <Names of={row} />
                  </dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="sx-help-note">
        {t('help.reasonNote')} {t('help.changeNote')}{' '}
        {hasOwnKeys ? (
          <button type="button" className="sx-button" onClick={resetKeys}>
            {t('help.resetKeys')}
          </button>
        ) : null}
        <b role="status">{trouble}</b>
      </p>
    </dialog>
  )
}

/** What each digit stands for. */
function Names({ of }: { of: HelpRow }) {
  const t = useT()
  const pick = usePick()
  const presets = usePaneState((state) => presetsOf(state.scan))
  if (of.text === 'modes')
    return <small>{MODES.map((mode, i) => `${i + 1} ${t(`mode.${mode}`)}`).join('  ')}</small>
  if (of.text === 'presets') {
    return <small>{presets.map((preset, i) => `${i + 1} ${pick(preset, preset.id)}`).join('  ')}</small>
  }
  return null
}
