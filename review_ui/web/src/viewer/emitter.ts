/** Typed event listeners. */
import type { ViewerEvents } from './types'

export class Emitter {
  private readonly listeners = new Map<keyof ViewerEvents, Set<(payload: never) => void>>()

  on<K extends keyof ViewerEvents>(event: K, listener: ViewerEvents[K]): () => void {
    const set = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, set)
    set.add(listener as (payload: never) => void)
    return () => set.delete(listener as (payload: never) => void)
  }

  emit<K extends keyof ViewerEvents>(event: K, payload: Parameters<ViewerEvents[K]>[0]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(payload as never)
  }

  clear(): void {
    this.listeners.clear()
  }
}
