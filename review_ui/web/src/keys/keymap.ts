/**
 * Every key of the workstation, in one table: the dispatcher, the tooltips and the help dialog read it.
 *
 * Letters are matched by what the key says, all other keys by where they sit, so that digits and `;` work with
 * Shift and with a Chinese layout. No key that the browser owns is used (F3, F5, F6, F7, F11, F12, Ctrl+letter
 * but for undo, Alt, Meta).
 */

export type KeyGroup = 'verdict' | 'findings' | 'marks' | 'tools' | 'view' | 'modes' | 'session'

/** `undo`: a verdict is about to be sent; `chosen`: a verdict is chosen, digits pick its reasons; `open`: neither. */
export type KeyMode = 'open' | 'chosen' | 'undo'

const ALWAYS: readonly KeyMode[] = ['open', 'chosen', 'undo']
const IDLE: readonly KeyMode[] = ['open', 'chosen']

type Digit = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

export type ActionId =
  | 'release'
  | 'inspect'
  | 'escalate'
  | 'rescan'
  | 'confirm'
  | 'cancel'
  | 'takeBack'
  | 'note'
  | `reason${Digit | 10}`
  | 'nextFinding'
  | 'previousFinding'
  | 'acceptFinding'
  | 'rejectFinding'
  | 'toggleFindings'
  | 'nextKind'
  | 'raiseThreshold'
  | 'lowerThreshold'
  | 'box'
  | 'markKind'
  | 'removeMark'
  | 'undoMark'
  | 'redoMark'
  | 'addMark'
  | 'markLeft'
  | 'markRight'
  | 'markUp'
  | 'markDown'
  | 'growMark'
  | 'shrinkMark'
  | 'pan'
  | 'window'
  | 'magnifier'
  | 'zoomBox'
  | 'ruler'
  | 'roi'
  | 'reset'
  | 'fit'
  | 'fitWidth'
  | 'actualSize'
  | 'zoomIn'
  | 'zoomOut'
  | 'panLeft'
  | 'panRight'
  | 'panUp'
  | 'panDown'
  | 'invert'
  | 'flipX'
  | 'flipY'
  | 'turnRight'
  | 'turnLeft'
  | 'gammaLess'
  | 'gammaMore'
  | 'logarithmic'
  | 'channel'
  | 'density'
  | 'sharpenLess'
  | 'sharpenMore'
  | `preset${Digit}`
  | `mode${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | 'compare'
  | 'lookalikes'
  | 'sameHeading'
  | 'linkViews'
  | 'nextSource'
  | 'previousSource'
  | 'focusPanel'
  | 'nextTab'
  | 'popImage'
  | 'popPanel'
  | 'pause'
  | 'help'

export interface Chord {
  /** A letter, or a `KeyboardEvent.code`. */
  key: string
  shift?: boolean
  ctrl?: boolean
}

export interface Binding {
  id: ActionId
  group: KeyGroup
  chords: readonly Chord[]
  modes: readonly KeyMode[]
  /** Held down, the action repeats. */
  repeats?: boolean
}

const DIGITS: readonly Digit[] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
const MODE_DIGITS = [1, 2, 3, 4, 5, 6, 7, 8] as const

function bind(id: ActionId, group: KeyGroup, chords: Chord[], more: Partial<Binding> = {}): Binding {
  return { id, group, chords, modes: IDLE, ...more }
}

export const KEYMAP: readonly Binding[] = [
  bind('release', 'verdict', [{ key: 'j' }]),
  bind('inspect', 'verdict', [{ key: 'k' }]),
  bind('escalate', 'verdict', [{ key: 'l' }]),
  bind('rescan', 'verdict', [{ key: 'Semicolon' }]),
  bind('confirm', 'verdict', [{ key: 'Enter' }, { key: 'NumpadEnter' }], { modes: ALWAYS }),
  bind('cancel', 'verdict', [{ key: 'Escape' }], { modes: ALWAYS }),
  bind('takeBack', 'verdict', [{ key: 'z' }], { modes: ['undo'] }),
  bind('note', 'verdict', [{ key: 'r' }]),
  ...DIGITS.map((n) => bind(`reason${n}`, 'verdict', [{ key: `Digit${n}` }], { modes: ['chosen'] })),
  bind('reason10', 'verdict', [{ key: 'Digit0' }], { modes: ['chosen'] }),
  bind('nextFinding', 'findings', [{ key: 'Tab' }]),
  bind('previousFinding', 'findings', [{ key: 'Tab', shift: true }]),
  bind('acceptFinding', 'findings', [{ key: 'y' }]),
  bind('rejectFinding', 'findings', [{ key: 'n' }]),
  bind('toggleFindings', 'findings', [{ key: 'a' }], { modes: ALWAYS }),
  bind('nextKind', 'findings', [{ key: 'a', shift: true }], { modes: ALWAYS }),
  bind('raiseThreshold', 'findings', [{ key: 'BracketRight' }], { repeats: true }),
  bind('lowerThreshold', 'findings', [{ key: 'BracketLeft' }], { repeats: true }),
  bind('box', 'marks', [{ key: 'b' }]),
  bind('markKind', 'marks', [{ key: 'e' }]),
  bind('removeMark', 'marks', [{ key: 'Delete' }, { key: 'Backspace' }]),
  bind('undoMark', 'marks', [{ key: 'z', ctrl: true }]),
  bind('redoMark', 'marks', [{ key: 'z', ctrl: true, shift: true }]),
  bind('addMark', 'marks', [{ key: 'b', shift: true }]),
  bind('markLeft', 'marks', [{ key: 'ArrowLeft', shift: true }], { repeats: true }),
  bind('markRight', 'marks', [{ key: 'ArrowRight', shift: true }], { repeats: true }),
  bind('markUp', 'marks', [{ key: 'ArrowUp', shift: true }], { repeats: true }),
  bind('markDown', 'marks', [{ key: 'ArrowDown', shift: true }], { repeats: true }),
  bind('growMark', 'marks', [{ key: 'g' }], { repeats: true }),
  bind('shrinkMark', 'marks', [{ key: 'g', shift: true }], { repeats: true }),
  bind('pan', 'tools', [{ key: 'h' }], { modes: ALWAYS }),
  bind('window', 'tools', [{ key: 'w' }], { modes: ALWAYS }),
  bind('magnifier', 'tools', [{ key: 'z' }]),
  bind('zoomBox', 'tools', [{ key: 's' }], { modes: ALWAYS }),
  bind('ruler', 'tools', [{ key: 'm' }], { modes: ALWAYS }),
  bind('roi', 'tools', [{ key: 'o' }], { modes: ALWAYS }),
  bind('reset', 'view', [{ key: 'Digit0' }, { key: 'Numpad0' }], { modes: ['open', 'undo'] }),
  bind('fit', 'view', [{ key: 'f' }], { modes: ALWAYS }),
  bind('fitWidth', 'view', [{ key: 'f', shift: true }], { modes: ALWAYS }),
  bind('actualSize', 'view', [{ key: 'Digit0', shift: true }], { modes: ALWAYS }),
  bind('zoomIn', 'view', [{ key: 'Equal' }, { key: 'Equal', shift: true }, { key: 'NumpadAdd' }], {
    modes: ALWAYS,
    repeats: true,
  }),
  bind('zoomOut', 'view', [{ key: 'Minus' }, { key: 'NumpadSubtract' }], { modes: ALWAYS, repeats: true }),
  bind('panLeft', 'view', [{ key: 'ArrowLeft' }], { modes: ALWAYS, repeats: true }),
  bind('panRight', 'view', [{ key: 'ArrowRight' }], { modes: ALWAYS, repeats: true }),
  bind('panUp', 'view', [{ key: 'ArrowUp' }], { modes: ALWAYS, repeats: true }),
  bind('panDown', 'view', [{ key: 'ArrowDown' }], { modes: ALWAYS, repeats: true }),
  bind('invert', 'view', [{ key: 'i' }], { modes: ALWAYS }),
  bind('flipX', 'view', [{ key: 'x' }], { modes: ALWAYS }),
  bind('flipY', 'view', [{ key: 'x', shift: true }], { modes: ALWAYS }),
  bind('turnRight', 'view', [{ key: 'q' }], { modes: ALWAYS }),
  bind('turnLeft', 'view', [{ key: 'q', shift: true }], { modes: ALWAYS }),
  bind('logarithmic', 'view', [{ key: 'w', shift: true }], { modes: ALWAYS }),
  bind('gammaLess', 'view', [{ key: 'Comma', shift: true }], { modes: ALWAYS, repeats: true }),
  bind('gammaMore', 'view', [{ key: 'Period', shift: true }], { modes: ALWAYS, repeats: true }),
  bind('density', 'view', [{ key: 'd' }], { modes: ALWAYS }),
  bind('channel', 'view', [{ key: 'v' }], { modes: ALWAYS }),
  bind('sharpenLess', 'view', [{ key: 'Comma' }], { modes: ALWAYS, repeats: true }),
  bind('sharpenMore', 'view', [{ key: 'Period' }], { modes: ALWAYS, repeats: true }),
  bind('compare', 'view', [{ key: 'c' }], { modes: ALWAYS }),
  bind('lookalikes', 'view', [{ key: 's', shift: true }], { modes: ALWAYS }),
  bind('sameHeading', 'view', [{ key: 'h', shift: true }], { modes: ALWAYS }),
  bind('linkViews', 'view', [{ key: 'c', shift: true }], { modes: ALWAYS }),
  bind('nextSource', 'view', [{ key: 'u' }], { modes: ALWAYS }),
  bind('previousSource', 'view', [{ key: 'u', shift: true }], { modes: ALWAYS }),
  ...DIGITS.map((n) => bind(`preset${n}`, 'modes', [{ key: `Digit${n}` }], { modes: ['open', 'undo'] })),
  ...MODE_DIGITS.map((n) =>
    bind(`mode${n}`, 'modes', [{ key: `Digit${n}`, shift: true }], { modes: ALWAYS }),
  ),
  bind('focusPanel', 'session', [{ key: 'Backquote' }]),
  bind('nextTab', 'session', [{ key: 't' }], { modes: ALWAYS }),
  bind('popImage', 'session', [{ key: 'Backslash' }], { modes: ALWAYS }),
  bind('popPanel', 'session', [{ key: 'Backslash', shift: true }], { modes: ALWAYS }),
  bind('pause', 'session', [{ key: 'p' }]),
  bind('help', 'session', [{ key: 'F1' }, { key: 'Slash', shift: true }], { modes: ALWAYS }),
]

export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey' | 'repeat'
>

/** The action a key press means in a mode, or null. */
export function resolve(
  press: KeyPress,
  mode: KeyMode,
  keymap: readonly Binding[] = KEYMAP,
): ActionId | null {
  if (press.altKey || press.metaKey) return null
  for (const binding of keymap) {
    if (!binding.modes.includes(mode)) continue
    if (press.repeat && !binding.repeats) continue
    if (binding.chords.some((chord) => matches(press, chord))) return binding.id
  }
  return null
}

function matches(press: KeyPress, chord: Chord): boolean {
  if (press.ctrlKey !== (chord.ctrl ?? false) || press.shiftKey !== (chord.shift ?? false)) return false
  if (chord.key.length > 1) return press.code === chord.key || press.key === chord.key
  const letter = press.key.toLowerCase()
  // Another alphabet (or an input method) on the keyboard: fall back to the place of the key.
  return /^[a-z]$/.test(letter) ? letter === chord.key : press.code === `Key${chord.key.toUpperCase()}`
}

const NAMES: Record<string, string> = {
  Semicolon: ';',
  Escape: 'Esc',
  BracketLeft: '[',
  BracketRight: ']',
  Equal: '+',
  Minus: '−',
  NumpadAdd: '+',
  NumpadSubtract: '−',
  NumpadEnter: 'Enter',
  Numpad0: '0',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Comma: ',',
  Period: '.',
  Backquote: '`',
  Backslash: '\\',
  Delete: 'Del',
  Backspace: '⌫',
}

/** How a chord is written on a key cap: `⇧1`, `Ctrl Z`, `;`. */
export function chordLabel(chord: Chord): string {
  if (chord.key === 'Slash' && chord.shift) return '?'
  if (chord.key === 'Equal') return '+'
  const name = NAMES[chord.key] ?? chord.key.replace(/^Digit/, '').toUpperCase()
  const caps = /^F\d+$/i.test(chord.key)
    ? chord.key
    : chord.key === 'Tab' || chord.key === 'Enter'
      ? chord.key
      : name
  return `${chord.ctrl ? 'Ctrl ' : ''}${chord.shift ? '⇧' : ''}${caps}`
}
