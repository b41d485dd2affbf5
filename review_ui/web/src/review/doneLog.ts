/** What was decided in this tab, over reloads. */

import type { Done } from './seatState'

const nameOf = (accountId: number) => `sx:done:${accountId}`

export function loadDone(accountId: number, storage: Pick<Storage, 'getItem'> = sessionStorage): Done[] {
  try {
    const done: unknown = JSON.parse(storage.getItem(nameOf(accountId)) ?? '[]')
    return Array.isArray(done) ? (done as Done[]) : []
  } catch {
    return []
  }
}

export function saveDone(
  accountId: number,
  done: Done[],
  storage: Pick<Storage, 'setItem'> = sessionStorage,
): void {
  try {
    storage.setItem(nameOf(accountId), JSON.stringify(done))
  } catch {
    // Only a convenience.
  }
}

/** Mean handling time, or null without decisions. */
export function meanHandlingS(done: readonly Done[]): number | null {
  return done.length === 0 ? null : done.reduce((sum, { handlingS }) => sum + handlingS, 0) / done.length
}
