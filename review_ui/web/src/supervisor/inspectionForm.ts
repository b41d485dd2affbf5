/** From the fields of the form to a report, and which of several reports counts. */

import type { InspectionIn, InspectionRow } from '../api/types'

export interface ReportForm {
  result: InspectionIn['result']
  kinds: string[]
  note: string
  /** As `<input type="datetime-local">` has it: local time without a zone. */
  inspectedAt: string
}

/** The report, or null while there is no time in the form. Kinds belong to what was found. */
export function toReport(form: ReportForm): InspectionIn | null {
  const at = new Date(form.inspectedAt)
  if (Number.isNaN(at.getTime())) return null
  return {
    result: form.result,
    kinds: form.result === 'found' ? form.kinds : [],
    note: form.note.trim(),
    inspected_at: at.toISOString(),
  }
}

export function nowLocal(now: Date): string {
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Whether a later report of the same cycle has taken its place. */
export function isSuperseded(one: InspectionRow, rows: readonly InspectionRow[]): boolean {
  return rows.some(({ cycle, revision }) => cycle === one.cycle && revision > one.revision)
}
