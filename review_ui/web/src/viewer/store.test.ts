import { beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeStrip, levelRef, noise, scanRef } from './fixtures'
import { AbortedError, type Priority, type WorkerPool } from './pool'
import type { StripTask, Task } from './protocol'
import { ScanStore } from './store'
import { decodeStrip, FetchError } from './strip'

interface Call {
  task: Task
  priority: () => Priority
  signal: AbortSignal
  finish: () => void
  fail: (error: Error) => void
}

const BASE = 'http://station.example/'
let calls: Call[]
let events: string[]
let store: ScanStore

function ref(key: string) {
  const levels = [levelRef(2, 4, 4), levelRef(0, 16, 16, { stripRows: 8 })]
  return scanRef(
    key,
    levels.map((l) => ({ ...l, url: `/${key}/${l.level}/{strip}` })),
  )
}

function run(task: StripTask, options: { priority: () => Priority; signal: AbortSignal }) {
  return new Promise((resolve, reject) => {
    const planes = encodeStrip([noise(task.width, task.rows)], task.width)
    options.signal.addEventListener('abort', () => reject(new AbortedError('aborted')))
    const finish = () => resolve({ kind: 'strip', bytes: 1, ...decodeStrip(planes, task) })
    calls.push({ task, ...options, finish, fail: reject })
  })
}

const urls = () => calls.map((c) => (c.task as StripTask).url.replace(BASE, '/'))
const settle = () => new Promise((resolve) => setTimeout(resolve))

async function finishAll(): Promise<void> {
  for (let n = -1; n !== calls.length; ) {
    n = calls.length
    for (const call of calls) call.finish()
    await settle()
  }
}

beforeEach(() => {
  calls = []
  events = []
  const listener = {
    changed: () => {},
    progress: (p: { key: string; stage: string; loaded: number; total: number }) =>
      events.push(`${p.key} ${p.stage} ${p.loaded}/${p.total}`),
    error: (e: { key: string; status: number | null }) => events.push(`${e.key} error ${e.status}`),
  }
  store = new ScanStore({ run } as unknown as WorkerPool, listener, BASE)
})

describe('ScanStore', () => {
  it('loads the preview first, then the strips of the full scan', async () => {
    const scan = store.show(ref('a'))
    expect(urls()).toEqual(['/a/2/0'])
    await finishAll()
    expect(urls()).toEqual(['/a/2/0', '/a/0/0', '/a/0/1'])
    expect(events).toEqual(['a preview 1/1', 'a full 1/2', 'a full 2/2'])
    expect(scan.stage).toBe('full')
  })

  it('puts the shown scan before prefetched ones', async () => {
    store.prefetch(ref('b'))
    store.show(ref('a'))
    const priority = Object.fromEntries(calls.map((c, i) => [urls()[i], c.priority()]))
    expect(priority['/a/2/0']).toBeLessThan(priority['/b/2/0'])
    store.show(ref('b'))
    expect(calls[0].priority()).toBe(0)
  })

  it('stops loading the scan that is left, and goes on where it stopped', async () => {
    store.show(ref('a'))
    calls[0].finish()
    await settle()
    calls[1].finish()
    await settle()
    store.show(ref('b'))
    expect(calls[2].signal.aborted).toBe(true)
    calls.length = 0
    store.show(ref('a'))
    await settle()
    expect(urls()).toEqual(['/a/0/1'])
    expect(events.some((e) => e.includes('error'))).toBe(false)
  })

  it('loads nothing again for a scan that is there', async () => {
    store.prefetch(ref('a'))
    await finishAll()
    calls.length = 0
    expect(store.show(ref('a')).stage).toBe('full')
    expect(calls).toEqual([])
  })

  it('keeps three scans, the current one among them', async () => {
    store.show(ref('a'))
    for (const key of ['b', 'c', 'd']) store.prefetch(ref(key))
    expect(store.keys.sort()).toEqual(['a', 'c', 'd'])
    const dropped = calls.find((c) => (c.task as StripTask).url.includes('/b/'))
    expect(dropped?.signal.aborted).toBe(true)
  })

  it('frees a released scan', () => {
    store.show(ref('a'))
    store.release('a')
    expect(store.get('a')).toBeNull()
    expect(calls[0].signal.aborted).toBe(true)
  })

  it('reports a refusal once, with its status, and stops', async () => {
    store.show(ref('a'))
    calls[0].finish()
    await settle()
    calls[1].fail(new FetchError(404, 'gone'))
    await settle()
    expect(events.filter((e) => e.includes('error'))).toEqual(['a error 404'])
    expect(calls[2].signal.aborted).toBe(true)
  })

  it('tries again after a passing failure', async () => {
    vi.useFakeTimers()
    store.show(ref('a'))
    calls[0].fail(new FetchError(503, 'busy'))
    await vi.advanceTimersByTimeAsync(400)
    expect(urls()).toEqual(['/a/2/0', '/a/2/0'])
    calls[1].fail(new FetchError(null, 'no route'))
    await vi.advanceTimersByTimeAsync(1500)
    calls[2].fail(new FetchError(503, 'busy'))
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(calls.length).toBe(3)
    expect(events).toEqual(['a error 503'])
  })
})
