import { describe, expect, it } from 'vitest'
import { keyLabel } from './bindings'
import { helpGroups } from './help'
import { chordLabel, KEYMAP, type KeyMode, type KeyPress, resolve } from './keymap'
import { isHotKey, scopeOf } from './useKeys'

function press(code: string, more: Partial<KeyPress> = {}): KeyPress {
  const key = /^Key/.test(code) ? code.slice(3).toLowerCase() : code
  return { key, code, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more }
}

describe('the key table', () => {
  it.each<KeyMode>(['open', 'chosen', 'undo'])('gives no chord two meanings (%s)', (mode) => {
    const chords = KEYMAP.filter((binding) => binding.modes.includes(mode)).flatMap((binding) =>
      binding.chords.map((chord) => JSON.stringify([chord.key, chord.shift ?? false, chord.ctrl ?? false])),
    )
    expect(chords.filter((chord, index) => chords.indexOf(chord) !== index)).toEqual([])
  })

  it('uses no key that the browser owns', () => {
    const chords = KEYMAP.flatMap((binding) => binding.chords)
    const owned = chords.filter(
      ({ key, ctrl }) => /^F([2-9]|1[0-2])$/.test(key) || (ctrl && key !== 'z') || key === 'Space',
    )
    expect(owned).toEqual([])
  })

  it('names each action once', () => {
    const ids = KEYMAP.map((binding) => binding.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is all in the help', () => {
    const shown = helpGroups()
      .flatMap(({ rows }) => rows.flatMap((row) => row.keys))
      .join(' ')
    for (const binding of KEYMAP) {
      if (/\d$/.test(binding.id)) continue
      for (const chord of binding.chords) expect(shown).toContain(chordLabel(chord))
    }
  })
})

describe('resolve', () => {
  it.each([
    ['KeyJ', 'release'],
    ['KeyK', 'inspect'],
    ['KeyL', 'escalate'],
    ['Semicolon', 'rescan'],
    ['Tab', 'nextFinding'],
    ['KeyA', 'toggleFindings'],
    ['F1', 'help'],
  ])('%s is %s', (code, action) => {
    expect(resolve(press(code), 'open')).toBe(action)
  })

  it('reads digits as presets, as modes with Shift, and as reasons once a verdict is chosen', () => {
    expect(resolve(press('Digit3'), 'open')).toBe('preset3')
    expect(resolve(press('Digit3', { key: '#', shiftKey: true }), 'open')).toBe('mode3')
    expect(resolve(press('Digit3'), 'chosen')).toBe('reason3')
    expect(resolve(press('Digit3', { key: '#', shiftKey: true }), 'chosen')).toBe('mode3')
  })

  it('takes back with Z in the undo window only', () => {
    expect(resolve(press('KeyZ'), 'undo')).toBe('takeBack')
    expect(resolve(press('KeyZ'), 'open')).toBe('magnifier')
    expect(resolve(press('KeyZ', { ctrlKey: true }), 'open')).toBe('undoMark')
  })

  it('offers no verdict while one is about to be sent', () => {
    expect(resolve(press('KeyK'), 'undo')).toBeNull()
  })

  it('follows the letter on a Dvorak keyboard, and the place under another alphabet or Caps Lock', () => {
    expect(resolve(press('KeyC', { key: 'j' }), 'open')).toBe('release')
    expect(resolve(press('KeyJ', { key: 'о' }), 'open')).toBe('release')
    expect(resolve(press('KeyJ', { key: 'J' }), 'open')).toBe('release')
    expect(resolve(press('Semicolon', { key: '；' }), 'open')).toBe('rescan')
  })

  it('leaves the browser its own combinations', () => {
    for (const held of ['ctrlKey', 'altKey', 'metaKey'] as const) {
      expect(resolve(press('KeyL', { [held]: true }), 'open')).toBeNull()
    }
  })

  it('does not decide by a key that is held down, but pans by one', () => {
    expect(resolve(press('Enter', { repeat: true }), 'chosen')).toBeNull()
    expect(resolve(press('KeyJ', { repeat: true }), 'open')).toBeNull()
    expect(resolve(press('ArrowLeft', { repeat: true }), 'open')).toBe('panLeft')
  })
})

describe('scopes', () => {
  const within = (html: string, selector: string) => {
    document.body.innerHTML = html
    return scopeOf(document.querySelector(selector))
  }
  const key = (name: string, isComposing = false) => ({ key: name, isComposing })

  it('keeps hot keys out of text fields, but for help', () => {
    expect(within('<input type="text">', 'input')).toBe('text')
    expect(within('<select><option>j</option></select>', 'select')).toBe('text')
    expect(isHotKey(key('j'), 'text')).toBe(false)
    expect(isHotKey(key('F1'), 'text')).toBe(true)
  })

  it('leaves a focused control its own keys', () => {
    expect(within('<button><i></i></button>', 'i')).toBe('control')
    expect(isHotKey(key('Enter'), 'control')).toBe(false)
    expect(isHotKey(key('j'), 'control')).toBe(true)
  })

  it('gives everything to an open dialog', () => {
    expect(within('<dialog open></dialog><p></p>', 'p')).toBe('dialog')
    expect(isHotKey(key('j'), 'dialog')).toBe(false)
  })

  it('waits for the input method', () => {
    expect(isHotKey(key('Enter', true), 'free')).toBe(false)
  })
})

it('writes keys as they are on a cap', () => {
  expect([
    keyLabel('rescan'),
    keyLabel('mode3'),
    keyLabel('undoMark'),
    keyLabel('help'),
    keyLabel('note'),
  ]).toEqual([';', '⇧3', 'Ctrl Z', 'F1', 'R'])
})
