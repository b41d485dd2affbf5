/** Undo and redo of what the reviewer did to marks and votes on one case. */

import type { Draft } from './drafts'

export type Marks = Pick<Draft, 'annotations' | 'votes'>

const KEEP = 100

export class MarkHistory {
  #past: Marks[] = []
  #future: Marks[] = []
  #of = ''
  #tag: string | null = null

  /** Begin anew when another case (or the same one under another lease) is on the screen. */
  open(lease: string): void {
    if (this.#of === lease) return
    this.#of = lease
    this.#past = []
    this.#future = []
    this.#tag = null
  }

  /** Keep `before` a change. Changes in a row with the same tag, as letters of a note, are undone as one. */
  push(before: Marks, tag: string | null): void {
    this.#future = []
    if (tag === null || tag !== this.#tag) this.#past = [...this.#past, before].slice(-KEEP)
    this.#tag = tag
  }

  /** What to go back to from `now`; null when there is nothing. */
  undo(now: Marks): Marks | null {
    this.#tag = null
    return exchange(this.#past, this.#future, now)
  }

  redo(now: Marks): Marks | null {
    this.#tag = null
    return exchange(this.#future, this.#past, now)
  }
}

function exchange(from: Marks[], to: Marks[], now: Marks): Marks | null {
  const marks = from.pop()
  if (!marks) return null
  to.push(now)
  return marks
}
