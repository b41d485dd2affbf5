/** Turns key presses into actions, and leaves alone what belongs to a text field, a control or a dialog. */

import { useEffect, useRef } from 'react'

import { listenInAll } from '../shell/windows'
import { resolveNow } from './bindings'
import type { ActionId, KeyMode } from './keymap'

/** Where a key press lands. */
export type KeyScope = 'text' | 'control' | 'dialog' | 'free'

const TEXT_TYPES = new Set(['text', 'search', 'password', 'email', 'number', 'url', 'tel'])
/** Keys that a focused control needs for itself. */
const CONTROL_KEYS = new Set([
  'Enter',
  ' ',
  'Tab',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
])
const CONTROLS = 'button, a[href], input, [role="slider"], [role="tab"], [role="switch"], [role="menuitem"]'

export function scopeOf(target: EventTarget | null): KeyScope {
  // Not by its class: an element of another window may be of that window's.
  const element = target && 'closest' in target ? (target as HTMLElement) : null
  if ((element?.ownerDocument ?? document).querySelector('dialog[open]')) return 'dialog'
  if (!element) return 'free'
  // A select finds its options by typed letters.
  if (element.isContentEditable || element.matches('textarea, select')) return 'text'
  if (element.matches('input') && TEXT_TYPES.has((element as HTMLInputElement).type)) return 'text'
  return element.closest(CONTROLS) ? 'control' : 'free'
}

/** Whether a press in this scope may be a hot key at all. Text fields look after their own Esc and Enter. */
export function isHotKey(event: Pick<KeyboardEvent, 'key' | 'isComposing'>, scope: KeyScope): boolean {
  if (event.isComposing) return false
  if (scope === 'dialog') return false
  if (scope === 'text') return event.key === 'F1'
  return scope === 'free' || !CONTROL_KEYS.has(event.key)
}

/** What each action does, from the window whose key was pressed. */
export type ActionHandlers = (action: ActionId, place: Window) => boolean

/** Calls `handle` for each action; what it handles (returns true) goes no further. */
export function useKeys(mode: KeyMode, handle: ActionHandlers, isOn = true): void {
  const latest = useRef({ mode, handle })
  latest.current = { mode, handle }
  useEffect(() => {
    if (!isOn) return
    return listenInAll((place, signal) => {
      const onKeyDown = (event: KeyboardEvent) => {
        if (event.defaultPrevented || !isHotKey(event, scopeOf(event.target))) return
        const action = resolveNow(event, latest.current.mode)
        if (action && latest.current.handle(action, place)) event.preventDefault()
      }
      place.addEventListener('keydown', onKeyDown, { signal })
    })
  }, [isOn])
}
