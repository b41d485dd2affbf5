/** What an auditor searches for, as the form has it and as the server takes it. */

export interface Filters {
  /** A case's number or a scan's id. */
  subject: string
  actorKind: 'any' | 'account' | 'station' | 'system'
  actor: string
  event: string
  /** Local time, as `datetime-local` inputs have it; empty for any. */
  since: string
  until: string
}

export const NO_FILTERS: Filters = {
  subject: '',
  actorKind: 'any',
  actor: '',
  event: '',
  since: '',
  until: '',
}

/** The server's parameters; what is not filled in does not narrow. */
export function queryOf(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  const subject = filters.subject.trim().replace(/^#/, '')
  if (/^\d{1,18}$/.test(subject)) query.set('case_id', subject)
  else if (subject !== '') query.set('scan_id', subject)
  const actor = filters.actor.trim()
  if (filters.actorKind !== 'any' && actor !== '') query.set('actor', `${filters.actorKind}:${actor}`)
  if (filters.event !== '') query.set('event', filters.event)
  for (const name of ['since', 'until'] as const) {
    const at = new Date(filters[name])
    if (filters[name] !== '' && !Number.isNaN(at.getTime())) query.set(name, at.toISOString())
  }
  return query
}
