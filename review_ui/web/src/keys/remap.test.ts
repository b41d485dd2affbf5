import { afterEach, describe, expect, it } from 'vitest'

import { useSettings } from '../settings'
import { keyLabel, resolveNow } from './bindings'
import { KEYMAP, type KeyPress } from './keymap'
import { canRemap, chordOf, takenBy, withOverrides } from './remap'

function press(code: string, more: Partial<KeyPress> = {}): KeyPress {
  const key = /^Key/.test(code) ? code.slice(3).toLowerCase() : code
  return { key, code, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more }
}

afterEach(() => useSettings.getState().resetKeys())

describe('a key of a person’s own', () => {
  it('takes the place of the old one, in the dispatcher and on the caps', () => {
    useSettings.getState().setKey('inspect', { key: 'q' })
    expect([resolveNow(press('KeyQ'), 'open'), resolveNow(press('KeyK'), 'open')]).toEqual(['inspect', null])
    expect(keyLabel('inspect')).toBe('Q')
    useSettings.getState().resetKeys()
    expect([resolveNow(press('KeyK'), 'open'), keyLabel('inspect')]).toEqual(['inspect', 'K'])
  })

  it('may not be one that has a meaning at the same time', () => {
    expect(takenBy('inspect', { key: 'j' }, KEYMAP)).toBe('release')
    expect(takenBy('inspect', { key: 'Quote' }, KEYMAP)).toBeNull()
    expect(takenBy('magnifier', { key: 'z' }, withOverrides({ inspect: { key: 'z' } }))).toBe('inspect')
    // Z takes back in the undo window only.
    expect(takenBy('takeBack', { key: 'z' }, KEYMAP)).toBeNull()
  })

  it('may not be one of the browser, a digit, or one that means the same everywhere', () => {
    for (const code of ['F5', 'Escape', 'Enter', 'Tab', 'Digit1', 'ArrowLeft'])
      expect(chordOf(press(code))).toBeNull()
    expect(chordOf(press('KeyS', { ctrlKey: true }))).toBeNull()
    expect(chordOf(press('ShiftLeft', { key: 'Shift', shiftKey: true }))).toBeNull()
    expect(chordOf(press('KeyQ', { key: 'Q', shiftKey: true }))).toEqual({ key: 'q', shift: true })
    expect([canRemap('confirm'), canRemap('preset3'), canRemap('box')]).toEqual([false, false, true])
  })
})
