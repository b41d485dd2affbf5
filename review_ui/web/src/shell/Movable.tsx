/** A part of the page that can be shown in the second window. Its elements are moved, so that they keep their state. */

import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'

import { type Part, usePopOut } from './popOut'

const RoomContext = createContext<HTMLElement | null>(null)

/** The second window's place while the component is shown there, else null. */
export function useRoom(): HTMLElement | null {
  return useContext(RoomContext)
}

export function Movable({ part, children }: { part: Part; children: ReactNode }) {
  const home = useRef<HTMLDivElement>(null)
  const [carrier] = useState(() => {
    const made = document.createElement('div')
    made.className = 'sx-movable'
    return made
  })
  const outer = useRoom()
  const away = usePopOut((state) => (state.part === part ? state.room : null))
  useLayoutEffect(() => (away ?? home.current)?.append(carrier), [away, carrier])
  return (
    <div ref={home} className="sx-movable">
      {createPortal(<RoomContext.Provider value={away ?? outer}>{children}</RoomContext.Provider>, carrier)}
    </div>
  )
}
