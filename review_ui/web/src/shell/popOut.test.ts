import { afterEach, describe, expect, it, vi } from 'vitest'

import { usePopOut } from './popOut'
import { listenInAll, useWindows } from './windows'

afterEach(() => {
  vi.restoreAllMocks()
  usePopOut.setState({ part: null, room: null, isBlocked: false })
  useWindows.setState({ windows: [window] })
})

it('says that the browser opened no window, and changes nothing else', () => {
  vi.spyOn(window, 'open').mockReturnValue(null)
  usePopOut.getState().toggle('image')
  expect(usePopOut.getState()).toMatchObject({ part: null, room: null, isBlocked: true })
  usePopOut.getState().forgetBlocked()
  expect(usePopOut.getState().isBlocked).toBe(false)
})

describe('listenInAll', () => {
  it('hears every window while it is there, once', () => {
    const other = new EventTarget() as Window
    const heard: string[] = []
    const end = listenInAll((place, signal) =>
      place.addEventListener('ping', () => heard.push(place === window ? 'own' : 'other'), { signal }),
    )
    const ping = () => {
      window.dispatchEvent(new Event('ping'))
      other.dispatchEvent(new Event('ping'))
    }
    ping()
    useWindows.setState({ windows: [window, other] })
    ping()
    useWindows.setState({ windows: [window] })
    ping()
    end()
    ping()
    expect(heard).toEqual(['own', 'own', 'other', 'own'])
  })
})
