import { beforeEach, describe, expect, it } from 'vitest'
import { AbortedError, type Priority, type WorkerLike, WorkerPool } from './pool'
import type { FromWorker, StripTask, ToWorker } from './protocol'

class FakeWorker implements WorkerLike {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null
  onerror: ((event: ErrorEvent) => void) | null = null
  readonly got: ToWorker[] = []
  isTerminated = false

  postMessage(message: ToWorker): void {
    this.got.push(message)
  }

  terminate(): void {
    this.isTerminated = true
  }

  /** The urls this worker was asked for. */
  get urls(): string[] {
    return this.got.flatMap((m) => ('task' in m ? [(m.task as StripTask).url] : []))
  }

  answer(url: string, message: object): void {
    const asked = this.got.find((m) => 'task' in m && (m.task as StripTask).url === url)
    this.onmessage?.({ data: { job: asked?.job, ...message } } as MessageEvent<FromWorker>)
  }
}

const task = (url: string) => ({ kind: 'strip', url }) as StripTask
let workers: FakeWorker[]
let pool: WorkerPool

function run(url: string, priority: () => Priority = () => 0, signal = new AbortController().signal) {
  const promise = pool.run(task(url), { priority, signal })
  promise.catch(() => {})
  return promise
}

beforeEach(() => {
  workers = []
  pool = new WorkerPool(() => {
    workers.push(new FakeWorker())
    return workers[workers.length - 1]
  }, 2)
})

describe('WorkerPool', () => {
  it('starts workers as they are needed, no more than allowed, two jobs each', () => {
    for (const url of ['1', '2', '3', '4', '5']) run(url)
    expect(workers.length).toBe(2)
    expect(workers.map((w) => w.urls.length)).toEqual([2, 2])
  })

  it('takes the most urgent waiting job, as of now', async () => {
    for (const url of ['1', '2', '3', '4']) run(url)
    let urgent: Priority = 3
    run('later', () => 2)
    run('sudden', () => urgent)
    urgent = 0
    const [first] = workers
    first.answer(first.urls[0], { result: { kind: 'strip' } })
    expect(first.urls.at(-1)).toBe('sudden')
  })

  it('passes results and failures on', async () => {
    const good = run('good')
    const bad = run('bad')
    workers[0].answer('good', { result: { kind: 'strip', bytes: 5 } })
    workers[1].answer('bad', { failure: { status: 404, message: 'gone', aborted: false } })
    await expect(good).resolves.toMatchObject({ bytes: 5 })
    await expect(bad).rejects.toMatchObject({ status: 404 })
  })

  it('tells the worker when a running job is aborted, and never starts a waiting one', async () => {
    const controller = new AbortController()
    const running = run('running', () => 0, controller.signal)
    for (const url of ['2', '3', '4']) run(url)
    const waiting = run('waiting', () => 0, controller.signal)
    controller.abort()
    await expect(running).rejects.toBeInstanceOf(AbortedError)
    await expect(waiting).rejects.toBeInstanceOf(AbortedError)
    expect(workers[0].got.some((m) => 'abort' in m)).toBe(true)
    expect(workers.flatMap((w) => w.urls)).not.toContain('waiting')
  })

  it('replaces a worker that died and fails its jobs', async () => {
    const lost = run('lost')
    workers[0].onerror?.({ message: 'out of memory' } as ErrorEvent)
    await expect(lost).rejects.toMatchObject({ status: null, message: 'out of memory' })
    expect(workers[0].isTerminated).toBe(true)
    run('next')
    expect(workers[1].urls).toEqual(['next'])
  })

  it('ends its workers and jobs when closed', async () => {
    const job = run('1')
    pool.close()
    await expect(job).rejects.toBeInstanceOf(AbortedError)
    expect(workers[0].isTerminated).toBe(true)
    await expect(run('2')).rejects.toBeInstanceOf(AbortedError)
  })
})
