import { beforeEach, describe, expect, it, vi } from 'vitest'

import { type Draft, DraftStore, EMPTY_DRAFT } from './drafts'

const KEY = { case_id: 7, cycle: 1, stage: 1 as const, token: 40 }
const DRAFT: Draft = { ...EMPTY_DRAFT, note: '左后轮上方', votes: { 2: true } }
const DAY_MS = 24 * 3600 * 1000

beforeEach(() => sessionStorage.clear())

describe('DraftStore', () => {
  it('gives back what was stored, also to a later page of the same tab', () => {
    new DraftStore(sessionStorage, 1).save(KEY, DRAFT)
    expect(new DraftStore(sessionStorage, 1).load(KEY)).toEqual(DRAFT)
  })

  it('finds the newest draft when the case comes back under another token', () => {
    let nowMs = 1
    const store = new DraftStore(sessionStorage, 1, () => nowMs)
    store.save({ ...KEY, token: 41 }, { ...DRAFT, note: 'newer' })
    nowMs = 0
    store.save(KEY, { ...DRAFT, note: 'older' })
    expect(store.load({ ...KEY, token: 99 })?.note).toBe('newer')
  })

  it('keeps accounts, stages and cycles apart', () => {
    new DraftStore(sessionStorage, 1).save(KEY, DRAFT)
    expect(new DraftStore(sessionStorage, 2).load(KEY)).toBeNull()
    const store = new DraftStore(sessionStorage, 1)
    expect(store.load({ ...KEY, token: 50, stage: 2 })).toBeNull()
    expect(store.load({ ...KEY, token: 50, cycle: 2 })).toBeNull()
  })

  it('does not take case 70 for case 7', () => {
    const store = new DraftStore(sessionStorage, 1)
    store.save({ ...KEY, case_id: 70 }, DRAFT)
    expect(store.load({ ...KEY, token: 50 })).toBeNull()
  })

  it('forgets every token of a decided case', () => {
    const store = new DraftStore(sessionStorage, 1)
    store.save(KEY, DRAFT)
    store.save({ ...KEY, token: 41 }, DRAFT)
    store.drop(KEY)
    expect(sessionStorage.length).toBe(0)
  })

  it('stores nothing for an empty draft', () => {
    const store = new DraftStore(sessionStorage, 1)
    store.save(KEY, DRAFT)
    store.save(KEY, EMPTY_DRAFT)
    expect(sessionStorage.length).toBe(0)
  })

  it('forgets drafts of yesterday and unreadable ones', () => {
    new DraftStore(sessionStorage, 1, () => 0).save(KEY, DRAFT)
    sessionStorage.setItem('sx:draft:1:8:1', '{')
    new DraftStore(sessionStorage, 1, () => DAY_MS + 1)
    expect(sessionStorage.length).toBe(0)
  })

  it('goes on working when the storage is full', () => {
    const full = {
      ...emptyStorage(),
      setItem: vi.fn(() => {
        throw new DOMException('full', 'QuotaExceededError')
      }),
    }
    expect(() => new DraftStore(full, 1).save(KEY, DRAFT)).not.toThrow()
  })
})

function emptyStorage() {
  return { length: 0, key: () => null, getItem: () => null, removeItem: () => undefined }
}
