/**
 * The views of the cases on this reviewer's seats: each is fetched once, and kept while its case is held.
 *
 * A lease only names a case; what it looks like comes from a route of its own. A view belongs to case, cycle
 * and stage, so the one fetched while a case waits is right when it becomes the current one. A view that cannot
 * be fetched is asked for again until its case is given up.
 */

import { backoffMs } from '../review/backoff'
import { ApiError } from './client'
import type { CaseView, LeaseOut } from './types'

export type CaseRef = Pick<LeaseOut, 'case_id' | 'cycle' | 'stage'>

export interface CaseViewsOptions {
  fetchView: (caseId: number, priority: 'high' | 'auto') => Promise<CaseView>
  random: () => number
  onView: (view: CaseView) => void
  /** The view did not come; it is asked for again in `waitMs`. */
  onFailed: (of: CaseRef, error: unknown, waitMs: number) => void
}

interface Entry {
  of: CaseRef
  priority: 'high' | 'auto'
  view: CaseView | null
  tries: number
  /** Set while waiting for the next try. */
  timer: ReturnType<typeof setTimeout> | null
}

const nameOf = ({ case_id, cycle, stage }: CaseRef): string => `${case_id}/${cycle}/${stage}`

export function isSameCase(a: CaseRef, b: CaseRef): boolean {
  return nameOf(a) === nameOf(b)
}

export class CaseViews {
  readonly #options: CaseViewsOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: CaseViewsOptions) {
    this.#options = options
  }

  get(of: CaseRef): CaseView | null {
    return this.#entries.get(nameOf(of))?.view ?? null
  }

  /** Keeps the views of these cases and fetches what is missing, the first one first. Forgets all others. */
  hold(cases: readonly CaseRef[]): void {
    for (const [name, entry] of this.#entries) {
      if (!cases.some((one) => nameOf(one) === name)) this.#forget(name, entry)
    }
    cases.forEach((of, index) => {
      if (this.#entries.has(nameOf(of))) return
      const priority = index === 0 ? 'high' : 'auto'
      const entry: Entry = { of, priority, view: null, tries: 0, timer: null }
      this.#entries.set(nameOf(of), entry)
      void this.#fetch(entry)
    })
  }

  /** Asks at once for what is waiting for its next try. */
  retry(): void {
    for (const entry of this.#entries.values()) {
      if (entry.timer === null) continue
      clearTimeout(entry.timer)
      void this.#fetch(entry)
    }
  }

  #forget(name: string, { timer }: Entry): void {
    if (timer !== null) clearTimeout(timer)
    this.#entries.delete(name)
  }

  async #fetch(entry: Entry): Promise<void> {
    entry.timer = null
    const outcome = await this.#ask(entry).catch((error: unknown) => ({ error }))
    if (this.#entries.get(nameOf(entry.of)) !== entry) return
    if ('error' in outcome) {
      this.#failed(entry, outcome.error)
      return
    }
    entry.view = outcome
    this.#options.onView(outcome)
  }

  async #ask({ of, priority }: Entry): Promise<CaseView> {
    const view = await this.#options.fetchView(of.case_id, priority)
    // The case came back to this reviewer another way, for instance through another window.
    if (!isSameCase(view, of)) throw new ApiError(404, 'case_not_found', nameOf(of))
    return view
  }

  #failed(entry: Entry, error: unknown): void {
    entry.tries += 1
    const retryAfterS = error instanceof ApiError ? error.retryAfterS : null
    const waitMs = backoffMs(entry.tries, this.#options.random(), retryAfterS)
    entry.timer = setTimeout(() => void this.#fetch(entry), waitMs)
    this.#options.onFailed(entry.of, error, waitMs)
  }
}
