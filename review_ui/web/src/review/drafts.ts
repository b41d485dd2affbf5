/**
 * A reviewer's unfinished work on a case, kept in sessionStorage so that a reload, a crash of the page, a lost
 * connection or an ended session loses nothing.
 *
 * A draft belongs to account, case and token. A case that comes back under a new token finds the newest draft of
 * the same account, cycle and stage.
 */

import type { Annotation, LeaseOut, Verdict } from '../api/types'

export interface Draft {
  verdict: Verdict | null
  reasonCodes: string[]
  note: string
  annotations: Annotation[]
  /** finding_id → accepted. */
  votes: Record<number, boolean>
}

export const EMPTY_DRAFT: Draft = { verdict: null, reasonCodes: [], note: '', annotations: [], votes: {} }

export type CaseKey = Pick<LeaseOut, 'case_id' | 'cycle' | 'stage' | 'token'>
export type KeyValueStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

interface Stored {
  cycle: number
  stage: number
  savedAtMs: number
  draft: Draft
}

const PREFIX = 'sx:draft:'
const KEEP_MS = 24 * 3600 * 1000

export function isEmpty(draft: Draft): boolean {
  return (
    draft.verdict === null &&
    draft.note === '' &&
    draft.annotations.length === 0 &&
    Object.keys(draft.votes).length === 0
  )
}

export class DraftStore {
  readonly #storage: KeyValueStore
  readonly #accountId: number
  readonly #now: () => number

  constructor(storage: KeyValueStore, accountId: number, now: () => number = Date.now) {
    this.#storage = storage
    this.#accountId = accountId
    this.#now = now
    this.#forgetOld()
  }

  /** Keeps a draft, or forgets it when it is empty. A full or forbidden storage is not worth stopping work for. */
  save(key: CaseKey, draft: Draft): void {
    if (isEmpty(draft)) {
      this.drop(key)
      return
    }
    const stored: Stored = { cycle: key.cycle, stage: key.stage, savedAtMs: this.#now(), draft }
    try {
      this.#storage.setItem(this.#name(key), JSON.stringify(stored))
    } catch {
      // The draft lives on in memory.
    }
  }

  /** The draft of this lease, else the newest one of the same case, cycle and stage. */
  load(key: CaseKey): Draft | null {
    const exact = read(this.#storage, this.#name(key))
    if (exact) return exact.draft
    let best: Stored | null = null
    for (const name of this.#names(`${PREFIX}${this.#accountId}:${key.case_id}:`)) {
      const stored = read(this.#storage, name)
      if (stored?.cycle !== key.cycle || stored.stage !== key.stage) continue
      if (best === null || stored.savedAtMs > best.savedAtMs) best = stored
    }
    return best?.draft ?? null
  }

  /** Forgets every draft of the case, whatever its token. */
  drop(key: Pick<CaseKey, 'case_id'>): void {
    for (const name of this.#names(`${PREFIX}${this.#accountId}:${key.case_id}:`))
      this.#storage.removeItem(name)
  }

  #name(key: CaseKey): string {
    return `${PREFIX}${this.#accountId}:${key.case_id}:${key.token}`
  }

  #names(prefix: string): string[] {
    const names: string[] = []
    for (let i = 0; i < this.#storage.length; i++) {
      const name = this.#storage.key(i)
      if (name?.startsWith(prefix)) names.push(name)
    }
    return names
  }

  #forgetOld(): void {
    for (const name of this.#names(PREFIX)) {
      const stored = read(this.#storage, name)
      if (!stored || stored.savedAtMs < this.#now() - KEEP_MS) this.#storage.removeItem(name)
    }
  }
}

function read(storage: KeyValueStore, name: string): Stored | null {
  const text = storage.getItem(name)
  if (text === null) return null
  try {
    const stored = JSON.parse(text) as Stored
    return { ...stored, draft: { ...EMPTY_DRAFT, ...stored.draft } }
  } catch {
    return null
  }
}
