import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '../api/client'
import type { CaseView, DecideIn, LeaseOut, ReasonCode } from '../api/types'
import { DraftStore } from './drafts'
import { Seat } from './seat'
import type { SeatState } from './seatState'

const REASONS: ReasonCode[] = [
  { code: 'concealment', zh: '夹藏', en: 'Concealment', verdicts: ['inspect'] },
  { code: 'no_anomaly', zh: '未见异常', en: 'Nothing', verdicts: ['release'] },
]
const UNDO_MS = 1500
const HEARTBEAT_S = 20
const REMIND_S = 1200
const REST_S = 300

function lease(caseId: number, token = caseId * 10, slot: 0 | 1 = 0): LeaseOut {
  return {
    case_id: caseId,
    scan_id: `XR-${caseId}`,
    cycle: 1,
    stage: 1,
    slot,
    token,
    ttl_s: 90,
    due_in_s: 300,
    reason: 'finding',
    risk: 0.5,
    screening_id: null,
  }
}

function view(caseId: number): CaseView {
  return {
    case_id: caseId,
    cycle: 1,
    stage: 1,
    reason: 'finding',
    risk: 0.5,
    screening: null,
    n_earlier: 0,
    escalation: [],
    scan: {
      scan_id: `XR-${caseId}`,
      port: 'YTN',
      port_name_zh: '盐田',
      port_name_en: 'Yantian',
      station_id: 'YTN-01',
      modality: 'cargo',
      direction: null,
      container_nos: [],
      container_no_valid: null,
      scanned_at: '2026-11-23T10:00:00Z',
      received_at: '2026-11-23T10:00:00Z',
      pixel_pitch_mm: null,
      bit_depth: 16,
      levels: [],
      photos: [],
      declaration: null,
    },
  }
}

const offline = () => Promise.reject(new ApiError(0, 'network', 'no route'))
const conflict = (code: string) => Promise.reject(new ApiError(409, code, code))

function setUp() {
  const api = {
    claimNext: vi.fn(async (): Promise<LeaseOut | null> => lease(1)),
    prefetchNext: vi.fn(async (): Promise<LeaseOut | null> => lease(2, 20, 1)),
    getHeldCase: vi.fn(async (caseId: number, _priority: 'high' | 'auto') => view(caseId)),
    decide: vi.fn(async (_body: DecideIn) => ({
      decision_id: 1,
      case_closed: true,
      next: lease(2, 21) as LeaseOut | null,
    })),
    heartbeat: vi.fn(async () => ({ ttl_s: 90, lost: [] as number[] })),
    pauseReview: vi.fn(async () => null),
  }
  const scans = { show: vi.fn(), prefetch: vi.fn(), release: vi.fn(), clear: vi.fn() }
  const drafts = new DraftStore(sessionStorage, 1)
  const seat = new Seat({
    api,
    drafts,
    config: { heartbeat_s: HEARTBEAT_S, remind_after_s: REMIND_S, rest_s: REST_S, reason_codes: REASONS },
    clock: { now: () => performance.now(), random: () => 0.5 },
    undoMs: () => UNDO_MS,
  })
  seat.attachScans(scans)
  const state = (): SeatState => seat.store.getState()
  /** Starts and has both the current case and the next one. */
  const begin = async () => {
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    seat.painted('1', 'full')
    await vi.advanceTimersByTimeAsync(0)
  }
  return { api, scans, drafts, seat, state, begin }
}

beforeEach(() => {
  sessionStorage.clear()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => vi.useRealTimers())

describe('claiming', () => {
  it('shows the claimed case and fetches the next one once the image is there', async () => {
    const { scans, state, seat, api } = setUp()
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().current?.lease.case_id).toBe(1)
    expect(api.prefetchNext).not.toHaveBeenCalled()
    seat.painted('1', 'full')
    await vi.advanceTimersByTimeAsync(0)
    expect(scans.prefetch).toHaveBeenCalledWith(expect.objectContaining({ key: '2' }))
  })

  it('waits when the queue is empty, and claims when the glance says there is work', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockResolvedValueOnce(null)
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().phase).toBe('empty')
    await vi.advanceTimersByTimeAsync(5000)
    seat.wake('glance', { ready: 0, overdue: 0, mine_today: 0, my_median_s: null })
    await vi.advanceTimersByTimeAsync(1000)
    expect(state().current).toBeNull()
    seat.wake('glance', { ready: 1, overdue: 0, mine_today: 0, my_median_s: null })
    await vi.advanceTimersByTimeAsync(500)
    expect(state().current?.lease.case_id).toBe(1)
  })

  it('polls slowly without any glance', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockResolvedValueOnce(null)
    seat.start()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(state().current?.lease.case_id).toBe(1)
  })

  it('does not turn each glance into a claim when the work is not for this reviewer', async () => {
    const { seat, api } = setUp()
    api.claimNext.mockResolvedValue(null)
    seat.start()
    for (let i = 0; i < 240; i++) {
      await vi.advanceTimersByTimeAsync(250)
      seat.wake('glance', { ready: 9, overdue: 0, mine_today: 0, my_median_s: null })
    }
    expect(api.claimNext.mock.calls.length).toBeLessThan(12)
    expect(api.claimNext.mock.calls.length).toBeGreaterThan(4)
  })

  it('tries again by itself when the server cannot be reached', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockImplementationOnce(offline)
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().isOffline).toBe(true)
    await vi.advanceTimersByTimeAsync(1200)
    expect(state()).toMatchObject({ isOffline: false, phase: 'reviewing' })
  })

  it('shows what it cannot act on, with its code', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockRejectedValueOnce(new ApiError(500, 'queue_error', 'boom'))
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().trouble).toMatchObject({ status: 500, code: 'queue_error' })
  })
})

describe('what a case looks like', () => {
  it('is fetched once per case, and waits with the pixels for its turn', async () => {
    const { api, scans, seat, state, begin } = setUp()
    await begin()
    expect(api.getHeldCase.mock.calls).toEqual([
      [1, 'high'],
      [2, 'auto'],
    ])
    expect(state().view?.case_id).toBe(1)
    expect(scans.prefetch).toHaveBeenCalledWith(expect.objectContaining({ key: '2' }))
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().view?.case_id).toBe(2)
    expect(api.getHeldCase).toHaveBeenCalledTimes(2)
  })

  it('is asked for again until it comes; the case is kept, and cannot be decided before', async () => {
    const { api, scans, seat, state } = setUp()
    api.getHeldCase.mockRejectedValueOnce(new ApiError(503, 'store_unavailable', 'away'))
    api.getHeldCase.mockImplementationOnce(offline)
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({ phase: 'reviewing', view: null, isOffline: false })
    expect(state().viewTrouble).toMatchObject({
      code: 'store_unavailable',
      retryAtMs: performance.now() + 1000,
    })
    expect(scans.show).not.toHaveBeenCalled()
    seat.hand.choose('release')
    expect(state().decision.at).toBe('open')
    await vi.advanceTimersByTimeAsync(1000)
    expect(state().viewTrouble?.code).toBe('network')
    await vi.advanceTimersByTimeAsync(2000)
    expect(state()).toMatchObject({ view: { case_id: 1 }, viewTrouble: null })
    expect(scans.show).toHaveBeenCalledWith(expect.objectContaining({ key: '1' }))
    expect(api.claimNext).toHaveBeenCalledTimes(1)
  })

  it('waits no longer when the reviewer asks', async () => {
    const { api, seat, state } = setUp()
    api.getHeldCase.mockImplementationOnce(offline)
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    seat.retryNow()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().view?.case_id).toBe(1)
  })

  it('does not let a restored verdict be sent unseen', async () => {
    const first = setUp()
    await first.begin()
    first.seat.hand.choose('release')
    first.seat.stop()
    const { api, seat, state } = setUp()
    api.getHeldCase.mockImplementation(offline)
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().decision).toMatchObject({ at: 'chosen', verdict: 'release' })
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(api.decide).not.toHaveBeenCalled()
  })

  it('that is not ours any more is a question to the heartbeat', async () => {
    const { api, seat, state } = setUp()
    api.getHeldCase.mockRejectedValueOnce(new ApiError(404, 'case_not_found', 'gone'))
    api.heartbeat.mockResolvedValueOnce({ ttl_s: 90, lost: [1] })
    api.claimNext.mockResolvedValueOnce(lease(1)).mockResolvedValueOnce(lease(3))
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({ notice: { kind: 'leaseLost' }, view: { case_id: 3 } })
  })

  it('may still be on its way when the case becomes the current one', async () => {
    const { api, scans, seat, state, begin } = setUp()
    let answer = (_view: CaseView) => {}
    api.getHeldCase.mockImplementation((caseId) =>
      caseId === 1
        ? Promise.resolve(view(1))
        : new Promise((resolve) => {
            answer = resolve
          }),
    )
    await begin()
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({ current: { lease: { case_id: 2 } }, view: null })
    expect(scans.clear).toHaveBeenCalled()
    answer(view(2))
    await vi.advanceTimersByTimeAsync(0)
    expect(state().view?.case_id).toBe(2)
    expect(scans.show).toHaveBeenLastCalledWith(expect.objectContaining({ key: '2' }))
    expect(api.getHeldCase.mock.calls.filter(([caseId]) => caseId === 2)).toHaveLength(1)
  })

  it('is forgotten with the lease: the same case later is looked at anew', async () => {
    const { api, seat, begin } = setUp()
    await begin()
    await seat.pause()
    seat.resume()
    await vi.advanceTimersByTimeAsync(0)
    expect(api.getHeldCase.mock.calls.filter(([caseId]) => caseId === 1)).toHaveLength(2)
  })
})

describe('deciding', () => {
  it('sends after the undo window, and shows the next case with the answer', async () => {
    const { seat, api, scans, state, begin } = setUp()
    await begin()
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
    expect(api.decide).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(api.decide).toHaveBeenCalledWith(
      expect.objectContaining({ case_id: 1, token: 10, verdict: 'release' }),
    )
    expect(scans.show).toHaveBeenLastCalledWith(expect.objectContaining({ key: '2' }))
    expect(scans.release).toHaveBeenCalledWith('1')
    expect(scans.release).not.toHaveBeenCalledWith('2')
    expect(state()).toMatchObject({ decision: { at: 'open' }, next: null })
    expect(state().current?.lease.token).toBe(21)
    expect(state().done[0]).toMatchObject({ scanId: 'XR-1', verdict: 'release' })
  })

  it('marks when it sent and when the next case was painted', async () => {
    const { seat, begin } = setUp()
    await begin()
    const mark = vi.spyOn(performance, 'mark').mockImplementation(() => ({}) as PerformanceMark)
    vi.spyOn(performance, 'measure').mockImplementation(() => ({}) as PerformanceMeasure)
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    seat.painted('2', 'full')
    expect(mark.mock.calls.map(([name]) => name)).toEqual([
      'sx:decide-sent',
      'sx:next-painted',
      'sx:painted-full',
    ])
  })

  it('sends nothing when it is taken back in time', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
    seat.hand.cancel()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(api.decide).not.toHaveBeenCalled()
    expect(state().decision).toMatchObject({ at: 'chosen', verdict: 'release' })
  })

  it('asks for grounds before an inspection', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    seat.hand.choose('inspect')
    seat.hand.confirm()
    expect(state()).toMatchObject({ decision: { at: 'chosen' }, notice: { kind: 'needsGrounds' } })
    seat.hand.toggleReason('concealment')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(api.decide).toHaveBeenCalledWith(expect.objectContaining({ reason_codes: ['concealment'] }))
  })

  it('sends marks, votes and note with the decision', async () => {
    const { seat, api, begin } = setUp()
    await begin()
    seat.hand.annotate({ box: [1, 2, 3, 4], kind: 'brick', note: '' })
    seat.hand.vote(0, true)
    seat.hand.vote(1, false)
    seat.hand.vote(2, true)
    seat.hand.vote(2, true)
    seat.hand.setNote(' 箱尾 ')
    seat.hand.choose('inspect')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(api.decide.mock.calls[0][0]).toMatchObject({
      note: '箱尾',
      annotations: [{ box: [1, 2, 3, 4], kind: 'brick', note: '' }],
      finding_votes: [
        { finding_id: 0, accepted: true },
        { finding_id: 1, accepted: false },
      ],
    })
  })

  it('claims when the server names no next case', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockResolvedValueOnce({ decision_id: 1, case_closed: true, next: null })
    api.claimNext.mockResolvedValueOnce(lease(3))
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(state().current?.lease.case_id).toBe(3)
  })

  it('is sent again after a lost connection, and "already decided" is then its answer', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockImplementationOnce(offline)
    api.decide.mockImplementationOnce(() => conflict('already_decided'))
    api.claimNext.mockResolvedValueOnce(lease(2, 21))
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(state()).toMatchObject({ isOffline: true, decision: { at: 'sending', attempt: 2 } })
    await vi.advanceTimersByTimeAsync(1500)
    expect(state().current?.lease.case_id).toBe(2)
    expect(state().notice).toBeNull()
    expect(state().done).toHaveLength(1)
  })

  it('says so and goes on when the lease was lost, but keeps the marks', async () => {
    const { seat, api, drafts, state, begin } = setUp()
    await begin()
    seat.hand.setNote('可疑')
    api.decide.mockImplementationOnce(() => conflict('lease_lost'))
    api.claimNext.mockResolvedValueOnce(lease(2, 21))
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(state()).toMatchObject({ notice: { kind: 'leaseLost', scanId: 'XR-1' } })
    expect(state().current?.lease.case_id).toBe(2)
    expect(state().draft.note).toBe('')
    expect(drafts.load({ ...lease(1), token: 77 })?.note).toBe('可疑')
  })

  it('goes back to the chosen verdict when the server refuses it', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockRejectedValueOnce(new ApiError(422, 'verdict_not_allowed', 'no'))
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(state()).toMatchObject({
      decision: { at: 'chosen', verdict: 'release' },
      notice: { kind: 'sendFailed', code: 'verdict_not_allowed' },
    })
  })

  it('drops the reasons that a new policy does not have, and says so', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockRejectedValueOnce(new ApiError(422, 'reason_code_unknown', 'no'))
    seat.hand.choose('inspect')
    seat.hand.toggleReason('concealment')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(state()).toMatchObject({
      decision: { at: 'chosen', reasonCodes: ['concealment'] },
      notice: { kind: 'reasonsChanged' },
    })
    seat.hand.offer([{ code: 'hidden', zh: '藏匿', en: 'Hidden', verdicts: ['inspect'] }])
    expect(state().decision).toMatchObject({ at: 'chosen', verdict: 'inspect', reasonCodes: [] })
    seat.hand.toggleReason('hidden')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(api.decide).toHaveBeenLastCalledWith(expect.objectContaining({ reason_codes: ['hidden'] }))
  })
})

describe('notices', () => {
  it('about one case are gone with it', async () => {
    const { seat, state, begin } = setUp()
    await begin()
    seat.hand.choose('inspect')
    seat.hand.confirm()
    expect(state().notice?.kind).toBe('needsGrounds')
    await seat.pause()
    expect(state().notice).toBeNull()
  })

  it('say that the lease was lost, also when the same case comes back with its marks', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    seat.hand.setNote('可疑')
    api.heartbeat.mockResolvedValueOnce({ ttl_s: 90, lost: [1] })
    api.claimNext.mockResolvedValueOnce(lease(1, 11))
    await vi.advanceTimersByTimeAsync(HEARTBEAT_S * 1000)
    expect(state()).toMatchObject({ notice: { kind: 'leaseLost' }, draft: { note: '可疑' } })
    expect(state().current?.lease.token).toBe(11)
  })
})

describe('drafts', () => {
  it('come back with the case after a reload, verdict and all', async () => {
    const first = setUp()
    await first.begin()
    first.seat.hand.annotate({ box: [1, 2, 3, 4], kind: 'brick', note: '' })
    first.seat.hand.choose('inspect')
    first.seat.stop()
    const second = setUp()
    await second.begin()
    expect(second.state()).toMatchObject({
      decision: { at: 'chosen', verdict: 'inspect' },
      draft: { annotations: [{ kind: 'brick' }] },
      notice: { kind: 'draftRestored' },
    })
  })

  it('are undone and redone, stored as they are, and votes with them', async () => {
    const { seat, begin, state } = setUp()
    await begin()
    seat.hand.annotate({ box: [1, 2, 3, 4], kind: 'brick', note: '' })
    seat.hand.changeAnnotation(0, { box: [1, 2, 9, 9] })
    seat.hand.vote(0, true)
    seat.hand.undoMark()
    expect(state().draft).toMatchObject({ annotations: [{ box: [1, 2, 9, 9] }], votes: {} })
    seat.hand.undoMark()
    expect(state().draft.annotations).toEqual([{ box: [1, 2, 3, 4], kind: 'brick', note: '' }])
    seat.hand.redoMark()
    seat.stop()
    const second = setUp()
    await second.begin()
    expect(second.state().draft.annotations[0].box).toEqual([1, 2, 9, 9])
  })

  it('are gone once the case is decided', async () => {
    const { seat, begin } = setUp()
    await begin()
    seat.hand.setNote('x')
    seat.hand.choose('release')
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(sessionStorage.length).toBe(0)
  })
})

describe('heartbeats', () => {
  it('keep both leases alive', async () => {
    const { api, state, begin } = setUp()
    await begin()
    const before = state().current?.expiresAtMs ?? 0
    await vi.advanceTimersByTimeAsync(HEARTBEAT_S * 1000)
    expect(api.heartbeat).toHaveBeenCalledWith([
      { case_id: 1, token: 10 },
      { case_id: 2, token: 20 },
    ])
    expect(state().current?.expiresAtMs).toBeGreaterThan(before)
  })

  it('tell of a lost current case, and work goes on with the next', async () => {
    const { api, state, begin } = setUp()
    await begin()
    api.heartbeat.mockResolvedValueOnce({ ttl_s: 90, lost: [1] })
    api.claimNext.mockResolvedValueOnce(lease(2, 21))
    await vi.advanceTimersByTimeAsync(HEARTBEAT_S * 1000)
    expect(state().notice).toMatchObject({ kind: 'leaseLost', scanId: 'XR-1' })
    expect(state().current?.lease.case_id).toBe(2)
  })

  it('drop a lost next case without a word', async () => {
    const { api, scans, state, begin } = setUp()
    await begin()
    api.heartbeat.mockResolvedValueOnce({ ttl_s: 90, lost: [2] })
    api.prefetchNext.mockResolvedValueOnce(lease(5, 50, 1))
    await vi.advanceTimersByTimeAsync(HEARTBEAT_S * 1000 + 1)
    expect(scans.release).toHaveBeenCalledWith('2')
    expect(state()).toMatchObject({ notice: null, next: { lease: { case_id: 5 } } })
  })

  it('that a decision has overtaken change nothing', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    let answer = (_out: { ttl_s: number; lost: number[] }) => {}
    api.heartbeat.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    seat.wake('visible')
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    answer({ ttl_s: 90, lost: [1, 2] })
    await vi.advanceTimersByTimeAsync(0)
    expect(state().current?.lease).toMatchObject({ case_id: 2, token: 21 })
    expect(state().notice).toBeNull()
  })
})

describe('pausing', () => {
  it('gives both cases back and claims again when it ends', async () => {
    const { seat, api, scans, state, begin } = setUp()
    await begin()
    await seat.pause()
    expect(api.pauseReview).toHaveBeenCalled()
    expect(scans.release).toHaveBeenCalledWith('1')
    expect(scans.release).toHaveBeenCalledWith('2')
    expect(state()).toMatchObject({ phase: 'paused', current: null, next: null })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(api.claimNext).toHaveBeenCalledTimes(1)
    seat.resume()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().phase).toBe('reviewing')
  })

  it('does not show a case whose claim was under way', async () => {
    const { seat, api, state } = setUp()
    let answer = (_lease: LeaseOut | null) => {}
    api.claimNext.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    seat.start()
    await seat.pause()
    answer(lease(1))
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({ phase: 'paused', current: null })
  })

  it('is refused while a decision is being sent', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockImplementationOnce(() => new Promise(() => {}))
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await seat.pause()
    expect(state().phase).toBe('reviewing')
    expect(api.pauseReview).not.toHaveBeenCalled()
  })
})

describe('fatigue', () => {
  const tired = (retryAfterS: number) => () =>
    Promise.reject(new ApiError(409, 'rest_due', 'rest', retryAfterS))

  it('reminds of a break when the time is up, at the next case', async () => {
    const { seat, state, begin } = setUp()
    await begin()
    await vi.advanceTimersByTimeAsync(REMIND_S * 1000)
    expect(state().notice).toBeNull()
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().notice).toMatchObject({ kind: 'fatigue' })
  })

  it('is a rest when the server says so, and the next case comes by itself', async () => {
    const { seat, api, state, begin } = setUp()
    await begin()
    api.decide.mockResolvedValueOnce({ decision_id: 1, case_closed: true, next: null })
    api.claimNext.mockImplementationOnce(tired(REST_S)).mockResolvedValueOnce(lease(3))
    await vi.advanceTimersByTimeAsync(REMIND_S * 1000)
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({
      phase: 'resting',
      current: null,
      trouble: null,
      notice: null,
      restUntilMs: performance.now() + REST_S * 1000,
    })
    seat.wake('glance', { ready: 9, overdue: 0, mine_today: 0, my_median_s: null })
    await vi.advanceTimersByTimeAsync(REST_S * 1000 - 1)
    expect(api.claimNext).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(state()).toMatchObject({ phase: 'reviewing', current: { lease: { case_id: 3 } } })
    expect(state().fatigue).toEqual({ sinceMs: performance.now(), idleSinceMs: null })
  })

  it('needs no reminder in a break', async () => {
    const { seat, state, begin } = setUp()
    await begin()
    await vi.advanceTimersByTimeAsync(REMIND_S * 1000)
    seat.hand.choose('release')
    seat.hand.confirm()
    seat.hand.confirm()
    await vi.advanceTimersByTimeAsync(0)
    expect(state().notice?.kind).toBe('fatigue')
    await seat.pause()
    expect(state().notice).toBeNull()
  })

  it('takes the end of the rest from the server again when the tab is looked at', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockImplementationOnce(tired(REST_S)).mockImplementationOnce(tired(100))
    seat.start()
    await vi.advanceTimersByTimeAsync(5000)
    seat.wake('visible')
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toMatchObject({ phase: 'resting', restUntilMs: performance.now() + 100_000 })
  })

  it('can be rested longer: a pause claims nothing', async () => {
    const { seat, api, state } = setUp()
    api.claimNext.mockImplementationOnce(tired(REST_S))
    seat.start()
    await vi.advanceTimersByTimeAsync(0)
    await seat.pause()
    await vi.advanceTimersByTimeAsync(2 * REST_S * 1000)
    expect(state().phase).toBe('paused')
    expect(api.claimNext).toHaveBeenCalledTimes(1)
  })
})
