/** The help made from the key table. */

import { Modal } from 'antd'
import { Fragment } from 'react'

import { usePick, useT } from '../i18n'
import { MODES } from '../pane/pane'
import { PRESETS } from '../viewer'
import { helpGroups, type HelpRow } from './help'

export default function HelpDialog({ onClose }: { onClose: () => void }) {
  const t = useT()
  return (
    <Modal open title={t('help.title')} footer={null} width="min(76rem, 94vw)" onCancel={onClose} centered>
      <div className="sx-help">
        {helpGroups().map(({ group, rows }) => (
          <section key={group}>
            <h3>{t(`help.group.${group}`)}</h3>
            <dl>
              {rows.map((row) => (
                <Fragment key={row.text}>
                  <dt>
                    {row.keys.map((key) => (
                      <kbd key={key} className="sx-key">
                        {key}
                      </kbd>
                    ))}
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
      <p className="sx-help-note">{t('help.reasonNote')}</p>
    </Modal>
  )
}

/** What each digit stands for. */
function Names({ of }: { of: HelpRow }) {
  const t = useT()
  const pick = usePick()
  if (of.text === 'modes') return <small>{MODES.map((mode, i) => `${i + 1} ${t(`mode.${mode}`)}`).join('  ')}</small>
  if (of.text === 'presets') {
    return <small>{PRESETS.map((preset, i) => `${i + 1} ${pick(preset, preset.id)}`).join('  ')}</small>
  }
  return null
}
