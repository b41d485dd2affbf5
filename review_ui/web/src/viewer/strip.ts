/** A strip from its response to pixels: runs inside the worker, and in tests. */
import { hueMap, MaterialTable } from './material'
import type { StripPixels } from './pixels'
import type { StripTask } from './protocol'
import { Px16Error, restoreStrip, stripBytes } from './px16'
import { halveStrip } from './pyramid'

export const TYPE_DECODED = 'application/x-px16-strip'
export const TYPE_ZSTD = 'application/x-px16-strip+zstd'

export class FetchError extends Error {
  override name = 'FetchError'
  constructor(
    readonly status: number | null,
    message: string,
  ) {
    super(message)
  }
}

let table: MaterialTable | null = null

/** The server's stable error code, where it sent a problem document. */
async function problemCode(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { code?: string; title?: string }
    return problem.code ?? problem.title ?? response.statusText
  } catch {
    return response.statusText
  }
}

/**
 * Fetch the planes of one strip. Where the browser offered zstd it has already decompressed the body
 * (Content-Encoding); otherwise the type says so and the decoder is loaded.
 */
export async function fetchPlanes(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { credentials: 'same-origin', signal })
  if (!response.ok) throw new FetchError(response.status, `strip ${url}: ${await problemCode(response)}`)
  const type = response.headers.get('content-type')?.split(';')[0].trim()
  const body = new Uint8Array(await response.arrayBuffer())
  if (type === TYPE_DECODED) return body
  if (type !== TYPE_ZSTD) throw new FetchError(response.status, `strip ${url} has the type ${type}`)
  const { decompress } = await import('fzstd')
  return decompress(body)
}

/** Restore the pixels of a strip, with its halved rows and hues. */
export function decodeStrip(planes: Uint8Array, task: Omit<StripTask, 'kind' | 'url'>): StripPixels {
  if (planes.length !== stripBytes(task)) {
    throw new Px16Error(`strip at row ${task.top}: ${stripBytes(task)} bytes expected, ${planes.length} came`)
  }
  const channels = restoreStrip(planes, task)
  if (!task.halve) return { channels, half: null, hue: hues(channels, task.width, 1) }
  const halves = channels.map((c) => halveStrip(c, task))
  const { firstRow, rows, width } = halves[0]
  const pixels = halves.map((h) => h.pixels)
  return { channels, half: { firstRow, rows, channels: pixels }, hue: hues(pixels, width, 2) }
}

function hues([high, low]: Uint16Array[], width: number, radius: number): Uint8Array | null {
  if (!low) return null
  table ??= new MaterialTable()
  return hueMap(high, low, { width, radius, table })
}
