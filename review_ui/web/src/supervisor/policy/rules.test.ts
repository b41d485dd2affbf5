import { describe, expect, it } from 'vitest'

import type { PolicyBody, ReasonCode } from '../../api/types'
import { changesOf, faultsOf, flatten, ruleValue } from './rules'

const policy: PolicyBody = {
  prefetch_ttl_s: 90,
  max_hold_s: 3600,
  max_tries: 3,
  sla_s: Array.from({ length: 16 }, () => 300),
  shift_by_port: {},
  shift_by_modality: {},
  shift_by_reason: {},
  quals_by_modality: {},
  quals_by_reason: {},
  second_review_verdicts: ['release'],
  second_review_min_risk: 0.9,
  second_review_sample: 0,
  second_review_sample_by_verdict: {},
  remind_after_s: 1200,
  pause_after_s: 1200,
  rest_s: 300,
  reason_codes: [
    { code: 'no_anomaly', zh: '未见异常', en: 'Nothing unusual', verdicts: ['release'] },
    { code: 'concealment', zh: '夹藏嫌疑', en: 'Suspected concealment', verdicts: ['inspect', 'escalate'] },
  ],
}

describe('changesOf', () => {
  it('names each value that differs, and nothing that only looks different', () => {
    const after: PolicyBody = {
      ...policy,
      sla_s: policy.sla_s.with(3, 120),
      shift_by_port: { SKZ: -2, YTN: 0 },
      quals_by_reason: { finding: [3, 1], sampled: [] },
    }
    expect(changesOf(policy, after)).toEqual([
      { path: 'sla_s.3', before: 300, after: 120 },
      { path: 'shift_by_port.SKZ', before: null, after: -2 },
      { path: 'quals_by_reason.finding', before: null, after: [1, 3] },
    ])
    expect(changesOf(after, { ...after, quals_by_reason: { finding: [1, 3] } })).toEqual([])
  })

  it('names each reason that is renamed, retired, added or moved', () => {
    const [first, second] = policy.reason_codes
    const added = { code: 'smell', zh: '异味', en: 'Smell', verdicts: ['rescan' as const] }
    const after = { ...policy, reason_codes: [{ ...second, verdicts: [] }, first, added] }
    expect(changesOf(policy, after)).toEqual([
      {
        path: 'reason_codes',
        before: ['no_anomaly', 'concealment'],
        after: ['concealment', 'no_anomaly'],
      },
      {
        path: 'reason_codes.concealment',
        before: ['夹藏嫌疑', 'Suspected concealment', 'escalate', 'inspect'],
        after: ['夹藏嫌疑', 'Suspected concealment'],
      },
      { path: 'reason_codes.smell', before: null, after: ['异味', 'Smell', 'rescan'] },
    ])
    const added_only = { ...policy, reason_codes: [added, first, second] }
    expect(changesOf(policy, added_only).map(({ path }) => path)).toEqual(['reason_codes.smell'])
  })

  it('tells that a rule is dropped', () => {
    const before = { ...policy, second_review_sample_by_verdict: { inspect: 0.1 } }
    expect(changesOf(before, policy)).toEqual([
      { path: 'second_review_sample_by_verdict.inspect', before: 0.1, after: null },
    ])
  })
})

describe('faultsOf', () => {
  it('finds no fault in the defaults', () => {
    expect([...faultsOf(policy)]).toEqual([])
    expect(flatten(policy).size).toBe(28)
  })

  it('finds what the server would refuse', () => {
    const wrong: PolicyBody = {
      ...policy,
      max_tries: 0,
      sla_s: policy.sla_s.with(0, Number.NaN),
      shift_by_port: { SKZ: 5 },
      shift_by_reason: { finding: 1.5 },
      quals_by_modality: { cargo: [63] },
      second_review_sample: 1.01,
    }
    expect([...faultsOf(wrong)].sort()).toEqual(
      [
        'max_tries',
        'quals_by_modality.cargo',
        'second_review_sample',
        'shift_by_port.SKZ',
        'shift_by_reason.finding',
        'sla_s.0',
      ].sort(),
    )
  })
})

it('finds what the server would refuse in a list of reasons', () => {
  const [first, second] = policy.reason_codes
  const faults = (...reasons: ReasonCode[]) => [...faultsOf({ ...policy, reason_codes: reasons })]
  expect(faults({ ...first, code: 'No' })).toEqual(['reason_codes.No'])
  expect(faults(first, { ...second, code: 'no_anomaly' })).toEqual(['reason_codes.no_anomaly'])
  expect(faults({ ...first, zh: ' ' })).toEqual(['reason_codes.no_anomaly'])
  expect(faults({ ...first, en: 'a\u0000b' })).toEqual(['reason_codes.no_anomaly'])
  expect(faults(first, { ...second, en: first.en })).toEqual([])
  expect(faults(first, { ...second, en: first.en, verdicts: ['release'] })).toHaveLength(2)
})

it('reads values as people do', () => {
  const word = (prefix: string, value: string) => `${prefix}:${value}`
  expect(ruleValue('sla_s.1', 300, word)).toBe('5 min')
  expect(ruleValue('shift_by_port.SKZ', 2, word)).toBe('+2')
  expect(ruleValue('second_review_sample', 0.05, word)).toBe('5.0%')
  expect(ruleValue('quals_by_reason.finding', [1, 3], word)).toBe('#1 #3')
  expect(ruleValue('second_review_verdicts', ['release'], word)).toBe('verdict:release')
  expect(ruleValue('shift_by_port.SKZ', null, word)).toBe('–')
  expect(ruleValue('reason_codes.x', ['甲', 'A', 'rescan'], word)).toBe('甲 / A: verdict:rescan')
  expect(ruleValue('reason_codes.x', ['甲', 'A'], word)).toBe('甲 / A: rule:retired')
})
