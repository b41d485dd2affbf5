import { describe, expect, it } from 'vitest'

import type { ReasonCode } from '../api/types'
import {
  type DecisionEvent,
  type DecisionState,
  needsGrounds,
  OPEN,
  reasonsFor,
  step,
  verdictsAt,
} from './decision'

const OFFERED: ReasonCode[] = [
  { code: 'no_anomaly', zh: '未见异常', en: 'Nothing', verdicts: ['release'] },
  { code: 'concealment', zh: '夹藏', en: 'Concealment', verdicts: ['inspect', 'escalate'] },
  { code: 'other', zh: '其他', en: 'Other', verdicts: ['release', 'inspect', 'escalate', 'rescan'] },
]
const choose = (verdict: 'release' | 'inspect' | 'rescan'): DecisionEvent => ({
  type: 'choose',
  verdict,
  offered: OFFERED,
})
const run = (events: DecisionEvent[], from: DecisionState = OPEN) => events.reduce(step, from)

describe('step', () => {
  it('keeps only the reasons that the new verdict offers too', () => {
    const state = run([
      choose('inspect'),
      { type: 'toggleReason', code: 'concealment' },
      { type: 'toggleReason', code: 'other' },
      choose('rescan'),
    ])
    expect(state).toEqual({ at: 'chosen', verdict: 'rescan', reasonCodes: ['other'] })
  })

  it('takes a reason back when it is toggled twice', () => {
    const twice: DecisionEvent = { type: 'toggleReason', code: 'other' }
    expect(run([choose('inspect'), twice, twice])).toMatchObject({ reasonCodes: [] })
  })

  it('sends only after the undo window', () => {
    const undo = run([choose('release'), { type: 'confirm', nowMs: 1000, undoMs: 1500 }])
    expect(undo).toMatchObject({ at: 'undo', endsAtMs: 2500 })
    expect(step(undo, { type: 'tick', nowMs: 2499 })).toBe(undo)
    expect(step(undo, { type: 'tick', nowMs: 2500 })).toMatchObject({ at: 'sending', attempt: 1 })
  })

  it('sends at once when confirmed twice, or without an undo window', () => {
    const confirm: DecisionEvent = { type: 'confirm', nowMs: 0, undoMs: 1500 }
    expect(run([choose('release'), confirm, confirm])).toMatchObject({ at: 'sending' })
    expect(run([choose('release'), { ...confirm, undoMs: 0 }])).toMatchObject({ at: 'sending' })
  })

  it('cancels the undo window back to the chosen verdict, and the verdict back to open', () => {
    const undo = run([
      choose('inspect'),
      { type: 'toggleReason', code: 'other' },
      { type: 'confirm', nowMs: 0, undoMs: 1 },
    ])
    const chosen = step(undo, { type: 'cancel' })
    expect(chosen).toEqual({ at: 'chosen', verdict: 'inspect', reasonCodes: ['other'] })
    expect(step(chosen, { type: 'cancel' })).toEqual(OPEN)
  })

  it('cannot be cancelled or changed while it is being sent', () => {
    const sending = run([choose('release'), { type: 'confirm', nowMs: 0, undoMs: 0 }])
    const events: DecisionEvent[] = [
      { type: 'cancel' },
      choose('inspect'),
      { type: 'toggleReason', code: 'other' },
      { type: 'confirm', nowMs: 9, undoMs: 9 },
    ]
    for (const event of events) expect(step(sending, event)).toBe(sending)
  })

  it('goes back to the chosen verdict when the server refuses', () => {
    const sending = run([choose('release'), { type: 'confirm', nowMs: 0, undoMs: 0 }])
    expect(step(sending, { type: 'refused' })).toMatchObject({ at: 'chosen', verdict: 'release' })
  })

  it('ignores a confirmation without a verdict', () => {
    expect(step(OPEN, { type: 'confirm', nowMs: 0, undoMs: 0 })).toBe(OPEN)
  })
})

describe('needsGrounds', () => {
  const nothing = { reasonCodes: [], note: '  ', nAnnotations: 0, nAccepted: 0 }

  it('asks for grounds for everything but a release', () => {
    expect(needsGrounds('release', nothing, OFFERED)).toBe(false)
    expect(needsGrounds('inspect', nothing, OFFERED)).toBe(true)
  })

  it.each([
    { ...nothing, reasonCodes: ['other'] },
    { ...nothing, note: '箱尾' },
    { ...nothing, nAnnotations: 1 },
    { ...nothing, nAccepted: 1 },
  ])('is content with %o', (grounds) => {
    expect(needsGrounds('inspect', grounds, OFFERED)).toBe(false)
  })

  it('asks for nothing when the server offers no reason', () => {
    expect(needsGrounds('inspect', nothing, [])).toBe(false)
  })
})

it('offers reasons in the order of the server', () => {
  expect(reasonsFor('inspect', OFFERED).map((reason) => reason.code)).toEqual(['concealment', 'other'])
})

it('lets a supervisor do everything but escalate', () => {
  expect(verdictsAt(2)).toContain('escalate')
  expect(verdictsAt(3)).toEqual(['release', 'inspect', 'rescan'])
})
