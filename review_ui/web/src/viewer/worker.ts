/** Fetches, decompresses and restores strips, and equalises scans, off the main thread. */
import { equalise } from './clahe'
import type { EqualiseResult, EqualiseTask, FromWorker, StripResult, StripTask, ToWorker } from './protocol'
import { halvePlane } from './pyramid'
import { decodeStrip, FetchError, fetchPlanes } from './strip'

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
  postMessage(message: FromWorker, transfer?: Transferable[]): void
}

const scope = self as unknown as WorkerScope
const running = new Map<number, AbortController>()

scope.onmessage = ({ data }) => {
  if ('abort' in data) {
    running.get(data.job)?.abort()
    return
  }
  const controller = new AbortController()
  running.set(data.job, controller)
  const work = data.task.kind === 'strip' ? strip(data.task, controller.signal) : equaliseScan(data.task)
  work
    .then((result) => scope.postMessage({ job: data.job, result }, buffersOf(result)))
    .catch((error: unknown) => {
      const status = error instanceof FetchError ? error.status : null
      const message = error instanceof Error ? error.message : String(error)
      scope.postMessage({ job: data.job, failure: { status, message, aborted: controller.signal.aborted } })
    })
    .finally(() => running.delete(data.job))
}

async function strip(task: StripTask, signal: AbortSignal): Promise<StripResult> {
  const planes = await fetchPlanes(task.url, signal)
  signal.throwIfAborted()
  return { kind: 'strip', bytes: planes.length, ...decodeStrip(planes, task) }
}

async function equaliseScan({ pixels, width, nLevels }: EqualiseTask): Promise<EqualiseResult> {
  const planes = [equalise(pixels, width)]
  let planeWidth = width
  while (planes.length < nLevels) {
    planes.push(halvePlane(planes[planes.length - 1], planeWidth))
    planeWidth = (planeWidth + 1) >> 1
  }
  return { kind: 'equalise', planes }
}

function buffersOf(result: StripResult | EqualiseResult): Transferable[] {
  const arrays =
    result.kind === 'equalise'
      ? result.planes
      : [...result.channels, ...(result.half?.channels ?? []), ...(result.hue ? [result.hue] : [])]
  return arrays.map((a) => a.buffer as ArrayBuffer)
}
