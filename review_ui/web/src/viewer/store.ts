/**
 * The scans in memory: at most three, least recently used out first, each loading until it is complete,
 * aborted or failed. The shown scan comes before prefetched ones, previews before full strips.
 */
import { type ChannelIndex, isComplete, ScanPixels } from './pixels'
import { AbortedError, type Priority, type WorkerPool } from './pool'
import { FetchError } from './strip'
import type { Px16LevelRef, ScanRef, Stage } from './types'

export const MAX_SCANS = 3

export interface StoreListener {
  /** New pixels of a scan. */
  changed: (scan: ScanPixels) => void
  progress: (progress: { key: string; stage: Stage; loaded: number; total: number }) => void
  error: (error: { key: string; status: number | null; message: string }) => void
}

interface Entry {
  scan: ScanPixels
  /** Strips that came, as "level/strip". */
  came: Set<string>
  loading: AbortController | null
  equalising: Set<string>
}

const RETRY_AFTER_MS = [300, 1200]

export class ScanStore {
  /** In order of use, the latest last. */
  private readonly entries = new Map<string, Entry>()
  private current: string | null = null

  constructor(
    private readonly pool: WorkerPool,
    private readonly listener: StoreListener,
    private readonly baseUrl: string,
  ) {}

  get keys(): string[] {
    return [...this.entries.keys()]
  }

  get(key: string): ScanPixels | null {
    return this.entries.get(key)?.scan ?? null
  }

  /** Make a scan current and load what is missing. The scan shown before stops loading. */
  show(ref: ScanRef): ScanPixels {
    if (this.current && this.current !== ref.key) this.stop(this.current)
    this.current = ref.key
    return this.use(ref)
  }

  /** Load a scan behind the current one. */
  prefetch(ref: ScanRef): void {
    this.use(ref)
  }

  /** No scan is current any more; nothing is dropped. */
  hide(): void {
    if (this.current) this.stop(this.current)
    this.current = null
  }

  release(key: string): void {
    this.stop(key)
    this.entries.delete(key)
    if (this.current === key) this.current = null
  }

  close(): void {
    for (const key of this.keys) this.release(key)
  }

  private use(ref: ScanRef): ScanPixels {
    const entry = this.entries.get(ref.key) ?? {
      scan: new ScanPixels(ref),
      came: new Set<string>(),
      loading: null,
      equalising: new Set<string>(),
    }
    this.entries.delete(ref.key)
    this.entries.set(ref.key, entry)
    this.evict()
    if (!entry.loading && entry.scan.stage !== 'full') void this.load(entry, ref)
    return entry.scan
  }

  private evict(): void {
    for (const key of this.keys) {
      if (this.entries.size <= MAX_SCANS) return
      if (key !== this.current) this.release(key)
    }
  }

  private stop(key: string): void {
    const entry = this.entries.get(key)
    entry?.loading?.abort()
    if (entry) entry.loading = null
  }

  private async load(entry: Entry, ref: ScanRef): Promise<void> {
    const controller = new AbortController()
    entry.loading = controller
    const coarsestFirst = [...ref.levels].sort((a, b) => b.level - a.level)
    try {
      for (const level of coarsestFirst) {
        const stage: Stage = level === coarsestFirst.at(-1) ? 'full' : 'preview'
        await this.loadLevel(entry, level, stage, controller.signal)
      }
    } catch (error) {
      const wasStopped = controller.signal.aborted
      controller.abort()
      if (!wasStopped && !(error instanceof AbortedError)) this.report(ref.key, error)
    } finally {
      if (entry.loading === controller) entry.loading = null
    }
  }

  private report(key: string, error: unknown): void {
    const status = error instanceof FetchError ? error.status : null
    this.listener.error({ key, status, message: error instanceof Error ? error.message : String(error) })
  }

  private async loadLevel(
    entry: Entry,
    level: Px16LevelRef,
    stage: Stage,
    signal: AbortSignal,
  ): Promise<void> {
    const { key } = entry.scan.ref
    const loaded = (): number => [...entry.came].filter((name) => name.startsWith(`${level.level}/`)).length
    const strips = Array.from({ length: level.n_strips }, (_, i) => i)
    await Promise.all(
      strips.map(async (index) => {
        const name = `${level.level}/${index}`
        if (entry.came.has(name)) return
        const strip = await this.loadStrip(level, index, key, signal)
        if (signal.aborted) return
        entry.scan.addStrip(level, index, strip)
        entry.came.add(name)
        this.listener.progress({ key, stage, loaded: loaded(), total: level.n_strips })
        this.listener.changed(entry.scan)
      }),
    )
  }

  private async loadStrip(level: Px16LevelRef, index: number, key: string, signal: AbortSignal) {
    const top = index * level.strip_rows
    const url = new URL(level.url.replace('{strip}', String(index)), this.baseUrl).href
    const task = {
      kind: 'strip' as const,
      url,
      width: level.width_px,
      rows: Math.min(level.strip_rows, level.height_px - top),
      nChannels: level.n_channels,
      top,
      isLast: index === level.n_strips - 1,
      halve: level.level === 0,
    }
    const priority = (): Priority =>
      ((key === this.current ? 0 : 2) + (level.level === 0 ? 1 : 0)) as Priority
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.pool.run(task, { priority, signal })
      } catch (error) {
        if (attempt >= RETRY_AFTER_MS.length || !isPassing(error)) throw error
        await pause(RETRY_AFTER_MS[attempt], signal)
      }
    }
  }

  /** Make the equalised copies of a channel if they are missing, in a worker. */
  async equalise(key: string, channel: ChannelIndex): Promise<void> {
    const entry = this.entries.get(key)
    const level = entry?.scan.finestComplete
    if (!entry || !level || level.equalised[channel] || !level.channels[channel]) return
    const name = `${level.shift}/${channel}`
    if (entry.equalising.has(name)) return
    entry.equalising.add(name)
    const pixels = level.channels[channel].slice()
    const coarsest = entry.scan.levels.at(-1)!.shift
    const task = {
      kind: 'equalise' as const,
      pixels,
      width: level.width,
      nLevels: coarsest - level.shift + 1,
    }
    const priority = (): Priority => (key === this.current ? 0 : 3)
    const { signal } = new AbortController()
    try {
      const { planes } = await this.pool.run(task, { priority, signal, transfer: [pixels.buffer] })
      if (this.entries.get(key) !== entry) return
      entry.scan.setEqualised(channel, level.shift, planes)
      this.listener.changed(entry.scan)
    } catch (error) {
      if (!(error instanceof AbortedError)) this.report(key, error)
    } finally {
      entry.equalising.delete(name)
    }
  }

  isFull(key: string): boolean {
    return this.get(key)?.levels.some((l) => l.shift === 0 && isComplete(l)) ?? false
  }
}

/** Worth another try: no answer at all, or the server was busy. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false
  return error.status === null || error.status === 429 || error.status >= 500
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new AbortedError('aborted'))
    })
  })
}
