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
