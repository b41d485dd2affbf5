import { expect, it } from 'vitest'

import type { ScreeningOut } from '../api/types'
import { whyOf } from './why'

const finding = (kind: string, score: number, threshold: number) => ({
  finding_id: 0,
  kind,
  score,
  threshold,
  box: null,
  text: null,
})
const screening = (...findings: ReturnType<typeof finding>[]): ScreeningOut => ({
  model_name: 'm',
  model_version: '1',
  outcome: 'flag',
  risk: 0.5,
  findings,
  line_checks: null,
})

it('names the finding that goes furthest beyond its own threshold, not the highest score', () => {
  const findings = [finding('brick', 0.8, 0.75), finding('gun', 0.5, 0.2), finding('blade', 0.3, 0.4)]
  expect(whyOf({ reason: 'finding', screening: screening(...findings) })).toEqual({
    text: 'finding',
    kind: 'gun',
    score: 0.5,
    threshold: 0.2,
    nOthers: 1,
  })
})

it('names none where the model found nothing or never looked', () => {
  expect(whyOf({ reason: 'sampled', screening: screening(finding('gun', 0.1, 0.2)) }).kind).toBeNull()
  expect(whyOf({ reason: 'ai_unavailable', screening: null })).toMatchObject({ kind: null, nOthers: 0 })
})
