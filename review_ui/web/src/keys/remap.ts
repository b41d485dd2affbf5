/** Keys of a person's own: which actions may have another key, and which keys are free for them. */

import { type ActionId, type Binding, type Chord, KEYMAP, type KeyPress } from './keymap'

/** One chord takes the place of all of an action's own. */
export type KeyOverrides = Partial<Record<ActionId, Chord>>

/** Digits stand for what is on the screen, and these mean the same everywhere. */
const FIXED =
  /\d$|^(confirm|cancel|help|takeBack|nextFinding|previousFinding|(pan|mark)(Left|Right|Up|Down))$/
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Process', 'Dead'])

export function canRemap(id: ActionId): boolean {
  return !FIXED.test(id)
}

export function withOverrides(overrides: KeyOverrides): readonly Binding[] {
  return KEYMAP.map((binding) => {
    const chord = canRemap(binding.id) ? overrides[binding.id] : undefined
    return chord ? { ...binding, chords: [chord] } : binding
  })
}

/** The chord of a key press; null for one that the browser or the page needs for itself. */
export function chordOf(press: KeyPress): Chord | null {
  if (press.altKey || press.metaKey || press.ctrlKey || MODIFIERS.has(press.key)) return null
  if (/^F\d+$|^(Escape|Enter|NumpadEnter|Tab|Space|Backspace)$|^Digit|^Arrow/.test(press.code)) return null
  const letter = press.key.toLowerCase()
  const key = /^[a-z]$/.test(letter) ? letter : press.code
  return press.shiftKey ? { key, shift: true } : { key }
}

/** The action that has a chord already in a mode in which `id` is there, too. */
export function takenBy(id: ActionId, chord: Chord, keymap: readonly Binding[]): ActionId | null {
  const modes = keymap.find((binding) => binding.id === id)?.modes ?? []
  const other = keymap.find(
    (binding) =>
      binding.id !== id &&
      binding.modes.some((mode) => modes.includes(mode)) &&
      binding.chords.some((its) => isSame(its, chord)),
  )
  return other?.id ?? null
}

function isSame(a: Chord, b: Chord): boolean {
  return a.key === b.key && Boolean(a.shift) === Boolean(b.shift) && Boolean(a.ctrl) === Boolean(b.ctrl)
}
