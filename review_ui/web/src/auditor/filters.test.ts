import { describe, expect, it } from 'vitest'

import { NO_FILTERS, queryOf } from './filters'

describe('queryOf', () => {
  it('is empty when nothing is sought', () => {
    expect([...queryOf(NO_FILTERS)]).toEqual([])
  })

  it('knows a case by its number and a scan by its id', () => {
    expect(queryOf({ ...NO_FILTERS, subject: ' #12 ' }).toString()).toBe('case_id=12')
    expect(queryOf({ ...NO_FILTERS, subject: 'XR-20261124-000001' }).get('scan_id')).toBe(
      'XR-20261124-000001',
    )
  })

  it('names an actor by kind and id, and ignores half of one', () => {
    expect(queryOf({ ...NO_FILTERS, actorKind: 'account', actor: '4' }).get('actor')).toBe('account:4')
    expect(queryOf({ ...NO_FILTERS, actorKind: 'account', actor: ' ' }).has('actor')).toBe(false)
    expect(queryOf({ ...NO_FILTERS, actor: '4' }).has('actor')).toBe(false)
  })

  it('sends moments with their zone, and no unreadable ones', () => {
    const query = queryOf({ ...NO_FILTERS, since: '2026-11-24T08:30', until: 'soon' })
    expect(query.get('since')).toBe(new Date('2026-11-24T08:30').toISOString())
    expect(query.has('until')).toBe(false)
  })
})
