import { expect, it } from 'vitest'

import type { InspectionRow } from '../api/types'
import { isSuperseded, nowLocal, type ReportForm, toReport } from './inspectionForm'

const FORM: ReportForm = {
  result: 'found',
  kinds: ['gun'],
  note: ' under the floor ',
  inspectedAt: '2026-11-29T10:00',
}

it('reports an instant, whatever the zone of the browser', () => {
  const report = toReport(FORM)
  expect(report?.inspected_at).toBe(new Date(2026, 10, 29, 10, 0).toISOString())
  expect(report?.note).toBe('under the floor')
  expect(report?.kinds).toEqual(['gun'])
})

it('leaves kinds out when nothing was found, and waits for a time', () => {
  expect(toReport({ ...FORM, result: 'nothing' })?.kinds).toEqual([])
  expect(toReport({ ...FORM, inspectedAt: '' })).toBeNull()
})

it('begins with the present, in local time', () => {
  const now = new Date(2026, 10, 29, 10, 7, 30)
  expect(nowLocal(now)).toBe('2026-11-29T10:07')
})

it('knows which report counts', () => {
  const row = (cycle: number, revision: number) => ({ cycle, revision }) as InspectionRow
  const rows = [row(1, 1), row(1, 2), row(2, 1)]
  expect(rows.map((one) => isSuperseded(one, rows))).toEqual([true, false, false])
})
