/** The keys of one action in the help; a click, and the next key press is its key. */

import { type KeyboardEvent, useState } from 'react'

import { useT } from '../i18n'
import { useSettings } from '../settings'
import { bindings } from './bindings'
import { type ActionId, chordLabel } from './keymap'
import { chordOf, takenBy } from './remap'

interface KeyChangeProps {
  id: ActionId
  label: string
  keys: readonly string[]
  /** Says what stands in the way of a key; empty when nothing does. */
  onTrouble: (text: string) => void
}

export function KeyChange({ id, label, keys, onTrouble }: KeyChangeProps) {
  const t = useT()
  const [isWaiting, setIsWaiting] = useState(false)
  const setKey = useSettings((settings) => settings.setKey)
  const take = (event: KeyboardEvent) => {
    if (!isWaiting || ['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return
    event.preventDefault()
    event.stopPropagation()
    setIsWaiting(false)
    if (event.key === 'Escape') return
    const chord = chordOf(event.nativeEvent)
    const other = chord && takenBy(id, chord, bindings())
    if (chord && !other) setKey(id, chord)
    const name = chord ? chordLabel(chord) : event.key
    onTrouble(chord && !other ? '' : t(other ? 'help.keyTaken' : 'help.keyReserved', { key: name }))
  }
  return (
    <button
      type="button"
      className={`sx-key is-button${isWaiting ? ' is-on' : ''}`}
      title={t('help.changeKey')}
      onClick={() => setIsWaiting(true)}
      onBlur={() => setIsWaiting(false)}
      onKeyDown={take}
    >
      <span className="sx-sr">
        {t('help.changeKey')}: {label}
      </span>{' '}
      {isWaiting ? t('help.pressKey') : keys.join(' / ')}
    </button>
  )
}
