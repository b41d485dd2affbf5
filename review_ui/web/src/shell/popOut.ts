/**
 * A second window of the same page, for a second monitor: one part of the page is shown there instead of here.
 *
 * There is one page: its script, its state, its leases and its connection stay in the first window, and the part's
 * elements are moved, not made again, so that nothing of them is lost on the way there and back. The second window
 * ends with the first, and what it shows comes back when it is closed.
 */

import { flushSync } from 'react-dom'
import { create } from 'zustand'

import { dress } from './styleCopy'
import { useWindows } from './windows'

export type Part = 'image' | 'panel'

interface PopOutState {
  /** What the second window shows; null while there is none. */
  part: Part | null
  /** Where it is shown. */
  room: HTMLElement | null
  /** The browser opened no window. */
  isBlocked: boolean
  /** Shows a part in the second window; the part that is there comes back. */
  toggle: (part: Part) => void
  close: () => void
  forgetBlocked: () => void
}

const NAME = 'shenxiang-second-window'
/** antd's sliders follow a drag in the page's own document only. */
const DRAG_EVENTS = ['mousemove', 'mouseup'] as const

export const usePopOut = create<PopOutState>()((set, get) => ({
  part: null,
  room: null,
  isBlocked: false,
  toggle: (part) => {
    const { part: shown, room, close } = get()
    if (shown === part) close()
    else if (room) set({ part })
    else {
      const opened = openRoom(() => get().close())
      set(opened ? { part, room: opened, isBlocked: false } : { isBlocked: true })
    }
  },
  close: () => {
    const { room } = get()
    if (!room) return
    const place = room.ownerDocument.defaultView
    // At once: the elements have to be home before their window is gone.
    flushSync(() => {
      useWindows.setState({ windows: [window] })
      set({ part: null, room: null })
    })
    place?.close()
  },
  forgetBlocked: () => set({ isBlocked: false }),
}))

/** Opens the window and makes a place in it; null when the browser refuses. */
function openRoom(onGone: () => void): HTMLElement | null {
  const { availWidth, availHeight } = window.screen
  const place = window.open('', NAME, `popup,width=${availWidth},height=${availHeight}`)
  if (!place) return null
  const undress = dress(place)
  const room = place.document.createElement('div')
  room.className = 'sx-popout'
  place.document.body.replaceChildren(room)
  for (const type of DRAG_EVENTS) {
    place.document.addEventListener(type, (event) => document.dispatchEvent(new MouseEvent(type, event)))
  }
  const end = () => place.close()
  window.addEventListener('pagehide', end)
  place.addEventListener('pagehide', () => {
    undress()
    window.removeEventListener('pagehide', end)
    onGone()
  })
  useWindows.setState({ windows: [window, place] })
  return room
}
