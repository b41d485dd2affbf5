/** What the main thread and the decoding workers say to each other. */
import type { StripPixels } from './pixels'

export interface StripTask {
  kind: 'strip'
  url: string
  width: number
  rows: number
  nChannels: number
  /** First row in the scan, and whether it is the last strip. */
  top: number
  isLast: boolean
  /** Make the halved rows too (full resolution only). */
  halve: boolean
}

export interface EqualiseTask {
  kind: 'equalise'
  pixels: Uint16Array
  width: number
  /** How many resolutions to make, each half of the one before. */
  nLevels: number
}

export type Task = StripTask | EqualiseTask

export interface StripResult extends StripPixels {
  kind: 'strip'
  /** Bytes as they came from the server, before decompression where known. */
  bytes: number
}

export interface EqualiseResult {
  kind: 'equalise'
  planes: Uint16Array[]
}

export type ToWorker = { job: number; task: Task } | { job: number; abort: true }

export type FromWorker =
  | { job: number; result: StripResult | EqualiseResult }
  | { job: number; failure: { status: number | null; message: string; aborted: boolean } }
