import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { type CaseRef, CaseViews } from './caseViews'
import { ApiError } from './client'
import type { CaseView } from './types'

const ref = (caseId: number, stage: 1 | 2 | 3 = 1): CaseRef => ({ case_id: caseId, cycle: 1, stage })
const view = (caseId: number, stage: 1 | 2 | 3 = 1) => ({ ...ref(caseId, stage), risk: 0.5 }) as CaseView

function setUp() {
  const options = {
    fetchView: vi.fn(async (caseId: number, _priority: 'high' | 'auto') => view(caseId)),
    random: () => 0.5,
    onView: vi.fn(),
    onFailed: vi.fn(),
  }
  return { ...options, views: new CaseViews(options) }
}

const later = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('CaseViews', () => {
  it('fetches what is held, once, and forgets what is not', async () => {
    const { views, fetchView, onView } = setUp()
    views.hold([ref(1)])
    views.hold([ref(1), ref(2)])
    await later()
    expect(fetchView.mock.calls).toEqual([
      [1, 'high'],
      [2, 'auto'],
    ])
    expect(onView).toHaveBeenCalledTimes(2)
    views.hold([ref(2), ref(3)])
    await later()
    expect([1, 2, 3].map((caseId) => views.get(ref(caseId))?.case_id)).toEqual([undefined, 2, 3])
    expect(fetchView).toHaveBeenCalledTimes(3)
  })

  it('keeps the stages of a case apart', async () => {
    const { views, fetchView } = setUp()
    views.hold([ref(1)])
    await later()
    expect(views.get(ref(1, 3))).toBeNull()
    fetchView.mockResolvedValueOnce(view(1, 3))
    views.hold([ref(1, 3)])
    await later()
    expect(views.get(ref(1, 3))?.stage).toBe(3)
    expect(views.get(ref(1))).toBeNull()
  })

  it('takes the view of another stage for no view', async () => {
    const { views, fetchView, onView, onFailed } = setUp()
    fetchView.mockResolvedValueOnce(view(1, 2))
    views.hold([ref(1)])
    await later()
    expect(onView).not.toHaveBeenCalled()
    expect(onFailed).toHaveBeenCalledWith(ref(1), expect.objectContaining({ status: 404 }), 1000)
  })

  it('tries again, less and less often, no sooner than the server says', async () => {
    const { views, fetchView, onFailed, onView } = setUp()
    fetchView
      .mockRejectedValueOnce(new ApiError(0, 'network', ''))
      .mockRejectedValueOnce(new ApiError(503, 'store_unavailable', '', 5))
    views.hold([ref(1)])
    await later(1000)
    expect(onFailed.mock.calls.map(([, , waitMs]) => waitMs)).toEqual([1000, 5000])
    await later(4999)
    expect(onView).not.toHaveBeenCalled()
    await later(1)
    expect(onView).toHaveBeenCalledWith(view(1))
  })

  it('asks no more for a case that was given up, and ignores its answer', async () => {
    const { views, fetchView, onView, onFailed } = setUp()
    fetchView.mockRejectedValueOnce(new ApiError(0, 'network', ''))
    views.hold([ref(1)])
    await later()
    views.hold([ref(2)])
    views.hold([])
    await later(60_000)
    expect(fetchView.mock.calls.map(([caseId]) => caseId)).toEqual([1, 2])
    expect(onView).not.toHaveBeenCalled()
    expect(onFailed).toHaveBeenCalledTimes(1)
  })
})
