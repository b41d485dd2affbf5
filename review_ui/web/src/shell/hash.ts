/** Which page the address names: `#/history`. Three pages need no router. */

import { useSyncExternalStore } from 'react'

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

const read = () => window.location.hash.replace(/^#\/?/, '')

/** The page of the address when it is one of `pages`, else the first of them. */
export function useHashPage<P extends string>(pages: readonly P[]): [P, (page: P) => void] {
  const hash = useSyncExternalStore(subscribe, read)
  const page = pages.find((name) => name === hash) ?? pages[0]
  return [page, (name: P) => window.location.assign(`#/${name}`)]
}

/** The number in an address such as `#/case/12`, when it is of this kind. */
export function useHashNumber(kind: string): number | null {
  const hash = useSyncExternalStore(subscribe, read)
  const [name, digits = ''] = hash.split('/', 2)
  return name === kind && /^\d{1,15}$/.test(digits) ? Number(digits) : null
}
