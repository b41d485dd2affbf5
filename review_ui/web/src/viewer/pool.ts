/** A small pool of decoding workers with a queue by priority. */
import type { EqualiseResult, FromWorker, StripResult, Task, ToWorker } from './protocol'
import { FetchError } from './strip'

type ResultOf<T extends Task> = T extends { kind: 'strip' } ? StripResult : EqualiseResult

/** Smaller is sooner. */
export type Priority = 0 | 1 | 2 | 3

interface Job {
  id: number
  task: Task
  priority: () => Priority
  transfer: Transferable[]
  resolve: (result: never) => void
  reject: (reason: unknown) => void
  seat: Seat | null
}

interface Seat {
  worker: WorkerLike
  jobs: Map<number, Job>
}

export interface WorkerLike {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  postMessage(message: ToWorker, transfer: Transferable[]): void
  terminate(): void
}

/** While one strip is decoded another is on the wire. */
const JOBS_PER_WORKER = 2

export class AbortedError extends Error {
  override name = 'AbortedError'
}

export class WorkerPool {
  private readonly seats: Seat[] = []
  private readonly waiting: Job[] = []
  private nextId = 1
  private closed = false

  constructor(
    private readonly start: () => WorkerLike,
    private readonly nWorkers: number,
  ) {}

  /**
   * Run a task; the promise rejects with AbortedError once `signal` fires.
   *
   * @param priority Asked again whenever a worker is free: what is urgent changes while jobs wait.
   */
  run<T extends Task>(
    task: T,
    {
      priority,
      signal,
      transfer = [],
    }: { priority: () => Priority; signal: AbortSignal; transfer?: Transferable[] },
  ): Promise<ResultOf<T>> {
    return new Promise<ResultOf<T>>((resolve, reject) => {
      if (this.closed || signal.aborted) {
        reject(new AbortedError('aborted before it began'))
        return
      }
      const job: Job = { id: this.nextId++, task, priority, transfer, resolve, reject, seat: null }
      signal.addEventListener('abort', () => this.abort(job), { once: true })
      this.waiting.push(job)
      this.dispatch()
    })
  }

  private abort(job: Job): void {
    const at = this.waiting.indexOf(job)
    if (at >= 0) this.waiting.splice(at, 1)
    if (job.seat?.jobs.has(job.id)) job.seat.worker.postMessage({ job: job.id, abort: true }, [])
    job.reject(new AbortedError('aborted'))
  }

  private dispatch(): void {
    while (this.waiting.length > 0) {
      const seat = this.freeSeat()
      if (!seat) return
      let best = 0
      for (let i = 1; i < this.waiting.length; i++) {
        if (this.waiting[i].priority() < this.waiting[best].priority()) best = i
      }
      const [job] = this.waiting.splice(best, 1)
      job.seat = seat
      seat.jobs.set(job.id, job)
      seat.worker.postMessage({ job: job.id, task: job.task }, job.transfer)
    }
  }

  private freeSeat(): Seat | null {
    const idle = this.seats.find((s) => s.jobs.size === 0)
    if (idle) return idle
    if (this.seats.length < this.nWorkers) return this.openSeat()
    const least = this.seats.reduce((a, b) => (a.jobs.size <= b.jobs.size ? a : b))
    return least.jobs.size < JOBS_PER_WORKER ? least : null
  }

  private openSeat(): Seat {
    const seat: Seat = { worker: this.start(), jobs: new Map() }
    seat.worker.onmessage = ({ data }) => this.finish(seat, data)
    seat.worker.onerror = (event) => this.lose(seat, event.message || 'a decoding worker stopped')
    this.seats.push(seat)
    return seat
  }

  private finish(seat: Seat, message: FromWorker): void {
    const job = seat.jobs.get(message.job)
    seat.jobs.delete(message.job)
    if (job && 'result' in message) job.resolve(message.result as never)
    else if (job && 'failure' in message) {
      const { status, message: text, aborted } = message.failure
      job.reject(aborted ? new AbortedError(text) : new FetchError(status, text))
    }
    this.dispatch()
  }

  /** A worker that could not start or died takes its jobs with it; the next job gets a new one. */
  private lose(seat: Seat, message: string): void {
    this.seats.splice(this.seats.indexOf(seat), 1)
    seat.worker.terminate()
    for (const job of seat.jobs.values()) job.reject(new FetchError(null, message))
    seat.jobs.clear()
    this.dispatch()
  }

  close(): void {
    this.closed = true
    for (const job of this.waiting.splice(0)) job.reject(new AbortedError('the viewer was closed'))
    for (const seat of this.seats.splice(0)) {
      seat.worker.terminate()
      for (const job of seat.jobs.values()) job.reject(new AbortedError('the viewer was closed'))
    }
  }
}

/** Two to four decoding workers, leaving a core to the page. */
export function browserPool(): WorkerPool {
  const nWorkers = Math.min(4, Math.max(2, (navigator.hardwareConcurrency || 2) - 1))
  const start = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  return new WorkerPool(start, nWorkers)
}
