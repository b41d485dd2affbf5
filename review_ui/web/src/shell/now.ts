/** One clock for all countdowns of the page: ticks only while someone looks at it. */

import { useSyncExternalStore } from 'react'

const TICK_MS = 1000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let nowMs = 0

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    timer = setInterval(() => {
      nowMs = performance.now()
      for (const notify of listeners) notify()
    }, TICK_MS)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

function snapshot(): number {
  // React asks several times for one render: the value only moves with the tick, or after a long sleep.
  const real = performance.now()
  if (real - nowMs > TICK_MS * 1.5) nowMs = real
  return nowMs
}

/** `performance.now()` in steps of a second. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, snapshot)
}
