/** Server-sent events that come back by themselves, also after an HTTP error (EventSource gives up there). */

import { useEffect, useState } from 'react'

import { backoffMs } from '../review/backoff'

export type LinkState = 'connecting' | 'live' | 'down'

export interface Subscription<T> {
  url: string
  event: string
  onData: (data: T) => void
  onLink?: (state: LinkState) => void
}

/** Subscribes until the returned function is called. */
export function subscribe<T>({ url, event, onData, onLink }: Subscription<T>): () => void {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let stopped = false

  const open = () => {
    onLink?.(attempt === 0 ? 'connecting' : 'down')
    source = new EventSource(url)
    source.onopen = () => {
      attempt = 0
      onLink?.('live')
    }
    source.addEventListener(event, (message) => {
      const data = parse<T>((message as MessageEvent<string>).data)
      if (data !== null) onData(data)
    })
    source.onerror = () => {
      source?.close()
      onLink?.('down')
      if (!stopped) timer = setTimeout(open, backoffMs(++attempt, Math.random()))
    }
  }
  const wake = () => {
    if (source?.readyState === EventSource.OPEN) return
    clearTimeout(timer)
    source?.close()
    open()
  }
  // A page that goes into the back-forward cache or away must not keep a connection.
  window.addEventListener('online', wake)
  open()
  return () => {
    stopped = true
    window.removeEventListener('online', wake)
    clearTimeout(timer)
    source?.close()
  }
}

function parse<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T
  } catch {
    return null
  }
}

/** The latest message of a stream, or null before the first. */
export function useEvents<T>(url: string, event: string): { data: T | null; link: LinkState } {
  const [data, setData] = useState<T | null>(null)
  const [link, setLink] = useState<LinkState>('connecting')
  useEffect(() => subscribe<T>({ url, event, onData: setData, onLink: setLink }), [url, event])
  return { data, link }
}
