import { beforeEach, describe, expect, it } from 'vitest'

import { useSettings } from '../settings'
import type { Seat } from './seat'
import type { Phase } from './seatState'
import { endTour, giveWay, offerTour, startTour, useTour } from './tourState'

/** A seat that does what `pause` and `resume` promise; a decision on its way is not held up. */
function seatAt(phase: Phase, isSending = false) {
  const state = { phase }
  const pause = async () => {
    if (!isSending) state.phase = 'paused'
  }
  const resume = () => {
    state.phase = 'starting'
  }
  return { state, seat: { store: { getState: () => state }, pause, resume } as unknown as Seat }
}

beforeEach(() => {
  useTour.setState({ isOpen: false, hasPaused: false })
  useSettings.setState({ toured: [] })
})

describe('the tour', () => {
  it('gives the case back while it is open, and asks for one after it', () => {
    const { seat, state } = seatAt('reviewing')
    startTour(seat)
    expect([useTour.getState().isOpen, state.phase]).toEqual([true, 'paused'])
    endTour(seat, 7)
    expect([useTour.getState().isOpen, state.phase]).toEqual([false, 'starting'])
    expect(useSettings.getState().toured).toEqual([7])
  })

  it('leaves whoever was paused before it paused', () => {
    const { seat, state } = seatAt('paused')
    startTour(seat)
    endTour(seat, 7)
    expect(state.phase).toBe('paused')
  })

  it('does not begin while a decision is on its way', () => {
    startTour(seatAt('reviewing', true).seat)
    expect(useTour.getState().isOpen).toBe(false)
  })

  it('that came by itself gives way to a case, and is then still to be had', () => {
    const { seat, state } = seatAt('empty')
    offerTour()
    giveWay()
    endTour(seat, 7)
    expect([useTour.getState().isOpen, state.phase]).toEqual([false, 'empty'])
    expect(useSettings.getState().toured).toEqual([])
  })

  it('is remembered once for an account', () => {
    useSettings.getState().setToured(7)
    useSettings.getState().setToured(8)
    useSettings.getState().setToured(7)
    expect(useSettings.getState().toured).toEqual([8, 7])
  })
})
