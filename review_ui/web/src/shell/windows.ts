/** The windows that show parts of the page: its own, and one more while a part is popped out. */

import { create } from 'zustand'

import { windowOf } from '../viewer/screen'

export const useWindows = create<{ windows: readonly Window[] }>()(() => ({ windows: [window] }))

/**
 * Listens in every window there is and will be.
 *
 * Args:
 *   listen: Adds its listeners to a window with the signal that ends them.
 */
export function listenInAll(listen: (place: Window, signal: AbortSignal) => void): () => void {
  const heard = new Map<Window, AbortController>()
  const follow = () => {
    const { windows } = useWindows.getState()
    for (const place of windows) {
      if (heard.has(place)) continue
      const ending = new AbortController()
      heard.set(place, ending)
      listen(place, ending.signal)
    }
    for (const [place, ending] of heard) {
      if (windows.includes(place)) continue
      ending.abort()
      heard.delete(place)
    }
  }
  follow()
  const unfollow = useWindows.subscribe(follow)
  return () => {
    unfollow()
    for (const ending of heard.values()) ending.abort()
  }
}

/** The element of this id, whichever window it is in. */
export function elementById(id: string): HTMLElement | null {
  for (const { document: its } of useWindows.getState().windows) {
    const found = its.getElementById(id)
    if (found) return found
  }
  return null
}

/** Gives an element the focus, and its window the keyboard. */
export function focusElement(element: HTMLElement): void {
  const place = windowOf(element)
  for (const other of useWindows.getState().windows) {
    // A field left in another window would go on taking keys.
    if (other !== place) (other.document.activeElement as HTMLElement | null)?.blur()
  }
  if (useWindows.getState().windows.length > 1) place.focus()
  element.focus({ preventScroll: true })
}
