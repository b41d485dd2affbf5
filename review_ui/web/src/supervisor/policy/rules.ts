/** The rules of a queue policy as a form: their bounds, what a change is, and how a value reads. */

import type { PolicyBody, ReasonCode } from '../../api/types'
import { percent, span } from '../../format'
import type { MessageKey } from '../../i18n'
import { reasonFaults } from './reasons'

export const REASONS = [
  'reopened',
  'unscreenable',
  'ai_unavailable',
  'declaration_mismatch',
  'finding',
  'sampled',
] as const
export const MODALITIES = ['cargo', 'passenger_vehicle', 'under_vehicle'] as const
export const SECOND_REVIEW_VERDICTS = ['release', 'inspect', 'rescan'] as const
export const N_BANDS = 16
export const FIRST_BAND = 1
export const LAST_BAND = 15
const MAX_TIME_S = 10_000_000

interface Bounds {
  least: number
  most: number
  isWhole?: boolean
}

const BOUNDS: Record<string, Bounds> = {
  prefetch_ttl_s: { least: 1, most: MAX_TIME_S },
  max_hold_s: { least: 1, most: MAX_TIME_S },
  max_tries: { least: 1, most: 1000, isWhole: true },
  sla_s: { least: 1, most: MAX_TIME_S },
  shift_by_port: { least: -4, most: 4, isWhole: true },
  shift_by_modality: { least: -4, most: 4, isWhole: true },
  shift_by_reason: { least: -4, most: 4, isWhole: true },
  quals_by_modality: { least: 0, most: 62, isWhole: true },
  quals_by_reason: { least: 0, most: 62, isWhole: true },
  second_review_min_risk: { least: 0, most: 1 },
  second_review_sample: { least: 0, most: 1 },
  second_review_sample_by_verdict: { least: 0, most: 1 },
  remind_after_s: { least: 0, most: MAX_TIME_S },
  pause_after_s: { least: 0, most: MAX_TIME_S },
  rest_s: { least: 0, most: MAX_TIME_S },
}

/** One value of a policy: `sla_s.3`, `shift_by_port.SKZ`, `max_tries`. */
export type RulePath = string
export type RuleValue = number | readonly (number | string)[]

/** All values by their path. Shifts and bits that say nothing are left out. */
export function flatten(policy: PolicyBody): Map<RulePath, RuleValue> {
  const values = new Map<RulePath, RuleValue>()
  for (const [name, value] of Object.entries(policy)) {
    if (typeof value === 'number') values.set(name, value)
    else if (name === 'reason_codes') setReasons(values, value as ReasonCode[])
    else if (name === 'second_review_verdicts') values.set(name, [...(value as string[])].sort())
    else {
      for (const [key, one] of Object.entries(value as Record<string, number | number[]>)) {
        const saysNothing = Array.isArray(one) ? one.length === 0 : one === 0 && name.startsWith('shift_')
        if (!saysNothing) values.set(`${name}.${key}`, Array.isArray(one) ? sorted(one) : one)
      }
    }
  }
  return values
}

/** The order of the list, and each reason by its code: both names, then the verdicts. */
function setReasons(values: Map<RulePath, RuleValue>, reasons: readonly ReasonCode[]): void {
  values.set(
    'reason_codes',
    reasons.map(({ code }) => code),
  )
  for (const { code, zh, en, verdicts } of reasons)
    values.set(`reason_codes.${code}`, [zh, en, ...[...verdicts].sort()])
}

const sorted = (bits: number[]) => [...new Set(bits)].sort((a, b) => a - b)

export interface RuleChange {
  path: RulePath
  before: RuleValue | null
  after: RuleValue | null
}

/** What differs, in the order of the policy. */
export function changesOf(before: PolicyBody, after: PolicyBody): RuleChange[] {
  const [old, fresh] = [flatten(before), flatten(after)]
  keepShared(old, fresh)
  const paths = new Set([...old.keys(), ...fresh.keys()])
  return [...paths]
    .map((path) => ({ path, before: old.get(path) ?? null, after: fresh.get(path) ?? null }))
    .filter(({ before: a, after: b }) => JSON.stringify(a) !== JSON.stringify(b))
}

/** Leaves in both orders of reasons only what both have: that one is added or dropped is said by itself. */
function keepShared(...[old, fresh]: Map<RulePath, RuleValue>[]): void {
  const [a, b] = [old, fresh].map((values) => values.get('reason_codes') as string[])
  old.set(
    'reason_codes',
    a.filter((code) => b.includes(code)),
  )
  fresh.set(
    'reason_codes',
    b.filter((code) => a.includes(code)),
  )
}

/** The paths whose values the server would refuse; NaN stands for what is no number. */
export function faultsOf(policy: PolicyBody): Set<RulePath> {
  const faults = new Set<RulePath>()
  for (const [path, value] of flatten(policy)) {
    const bounds = BOUNDS[path.split('.')[0]]
    const numbers = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'number')
    if (bounds && !numbers.every((one) => isWithin(one, bounds))) faults.add(path)
  }
  reasonFaults(policy.reason_codes).forEach((fault, index) => {
    if (fault) faults.add(`reason_codes.${policy.reason_codes[index].code}`)
  })
  return faults
}

function isWithin(value: number, { least, most, isWhole }: Bounds): boolean {
  return value >= least && value <= most && (!isWhole || Number.isInteger(value))
}

/** The band of a reason and a risk under a policy, before the port's shift: what the server computes. */
export function bandOf(
  policy: PolicyBody,
  bandOfReason: Record<string, number>,
  reason: (typeof REASONS)[number],
): number {
  const band = bandOfReason[reason] + (policy.shift_by_reason[reason] ?? 0)
  return Math.min(Math.max(band, FIRST_BAND), LAST_BAND)
}

type Word = (prefix: string, value: string) => string
type Text = (key: MessageKey, parameters?: Record<string, string | number>) => string

export function ruleName(path: RulePath, t: Text, word: Word, portName: (port: string) => string): string {
  const [name, ...rest] = path.split('.')
  const key = rest.join('.')
  const rule = word('rule', name)
  if (!key) return rule
  if (name === 'sla_s') return `${rule} · ${t('policy.band', { band: key })}`
  if (name.endsWith('_port')) return `${rule} · ${portName(key)}`
  return `${rule} · ${word(name.slice(name.lastIndexOf('_') + 1), key)}`
}

export function ruleValue(path: RulePath, value: RuleValue | null, word: Word): string {
  if (value === null) return '–'
  if (path.startsWith('reason_codes.')) {
    const [zh, en, ...verdicts] = value as string[]
    const offered = verdicts.map((verdict) => word('verdict', verdict)).join(', ')
    return `${zh} / ${en}: ${offered || word('rule', 'retired')}`
  }
  if (typeof value !== 'number') {
    return value.map((one) => (typeof one === 'number' ? `#${one}` : word('verdict', one))).join(' ') || '–'
  }
  const [name] = path.split('.')
  if (name.endsWith('_s')) return span(value)
  if (name.startsWith('second_review_sample')) return percent(value, 1)
  return name.startsWith('shift_') && value > 0 ? `+${value}` : String(value)
}
