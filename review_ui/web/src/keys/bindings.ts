/** The keys in force: the table with a person's own keys in it. */

import { useSettings } from '../settings'
import { type ActionId, type Binding, chordLabel, type KeyMode, type KeyPress, resolve } from './keymap'
import { type KeyOverrides, withOverrides } from './remap'

let known: { of: KeyOverrides; bindings: readonly Binding[] } | null = null

export function bindings(): readonly Binding[] {
  const { keys } = useSettings.getState()
  if (known?.of !== keys) known = { of: keys, bindings: withOverrides(keys) }
  return known.bindings
}

export function resolveNow(press: KeyPress, mode: KeyMode): ActionId | null {
  return resolve(press, mode, bindings())
}

/** The different labels of an action's chords. */
export function keyLabels(id: ActionId): string[] {
  const binding = bindings().find((other) => other.id === id)
  return binding ? [...new Set(binding.chords.map(chordLabel))] : []
}

/** The first label, for a key cap beside a button. */
export function keyLabel(id: ActionId): string {
  return keyLabels(id)[0] ?? ''
}
