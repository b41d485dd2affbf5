/** Rows of the help dialog: one per action, but one for all digits of a kind and one for the arrows. */

import type { MessageKey } from '../i18n'
import { bindings } from './bindings'
import { type ActionId, chordLabel, type KeyGroup } from './keymap'
import { canRemap } from './remap'

type KeyText = MessageKey extends infer K ? (K extends `key.${infer T}` ? T : never) : never

export interface HelpRow {
  text: KeyText
  keys: string[]
  /** The action whose key a person may change. */
  changes: ActionId | null
}

export interface HelpGroup {
  group: KeyGroup
  rows: HelpRow[]
}

const GROUPS: readonly KeyGroup[] = ['verdict', 'findings', 'marks', 'tools', 'view', 'modes', 'session']

export function helpGroups(): HelpGroup[] {
  return GROUPS.map((group) => ({ group, rows: rowsOf(group) }))
}

function rowsOf(group: KeyGroup): HelpRow[] {
  const rows = new Map<KeyText, string[]>()
  for (const binding of bindings()) {
    if (binding.group !== group) continue
    const text = textOf(binding.id)
    const keys = rows.get(text) ?? []
    rows.set(text, [...new Set([...keys, ...binding.chords.map(chordLabel)])])
  }
  return [...rows].map(([text, keys]) => ({
    text,
    keys: shortened(text, keys),
    changes:
      canRemap(text as ActionId) && bindings().some(({ id }) => id === text) ? (text as ActionId) : null,
  }))
}

function textOf(id: ActionId): KeyText {
  if (/^preset\d/.test(id)) return 'presets'
  if (/^mode\d/.test(id)) return 'modes'
  if (/^reason\d/.test(id)) return 'reasons'
  if (/^pan[LRUD]/.test(id)) return 'panning'
  if (/^mark[LRUD]/.test(id)) return 'moveMark'
  return id as KeyText
}

function shortened(text: KeyText, keys: string[]): string[] {
  if (text === 'panning' || text === 'moveMark') return keys
  return keys.length > 3 ? [`${keys[0]} – ${keys[keys.length - 1]}`] : keys
}
