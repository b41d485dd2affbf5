// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Gestures } from './gestures'
import type { Tool } from './types'

let root: HTMLElement
let gestures: Gestures
let log: string[]
let grabs: boolean

beforeEach(() => {
  log = []
  grabs = false
  root = document.createElement('div')
  document.body.append(root)
  const rounded = (...values: number[]) => values.map((v) => Number(v.toFixed(2))).join(' ')
  gestures = new Gestures(root, {
    panBy: (dx, dy) => log.push(`pan ${rounded(dx, dy)}`),
    windowBy: (dx, dy) => log.push(`window ${rounded(dx, dy)}`),
    zoomBy: (at, factor) => log.push(`zoom ${rounded(...at, factor)}`),
    hover: () => {},
    shape: (kind, from, to, phase) => log.push(`${kind} ${phase} ${rounded(...from, ...to)}`),
    grab: () => grabs,
    edit: (by, phase) => log.push(`edit ${phase} ${rounded(...by)}`),
    click: (at) => log.push(`click ${rounded(...at)}`),
    doubleClick: () => log.push('double click'),
  })
})

afterEach(() => {
  gestures.destroy()
  root.remove()
})

function pointer(type: string, x: number, y: number, { button = 0, id = 1 } = {}): void {
  root.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, button, pointerId: id, bubbles: true }))
}

function drag(tool: Tool, button = 0): void {
  gestures.tool = tool
  pointer('pointerdown', 10, 10, { button })
  pointer('pointermove', 12, 11, { button })
  pointer('pointermove', 30, 15, { button })
  pointer('pointerup', 30, 15, { button })
}

describe('Gestures', () => {
  it.each([
    ['pan', 'pan 20 5'],
    ['magnifier', 'pan 20 5'],
    ['window', 'window 20 5'],
  ] as const)('drags with %s as one move, not a click', (tool, expected) => {
    drag(tool)
    expect(log).toEqual([expected])
  })

  it.each(['box', 'ruler', 'roi'] as const)('draws a %s from where the pointer went down', (tool) => {
    drag(tool)
    expect(log).toEqual([`${tool} move 10 10 30 15`, `${tool} end 10 10 30 15`])
  })

  it('moves what the pointer grabbed instead, and puts it back on Escape', () => {
    grabs = true
    drag('pan')
    expect(log).toEqual(['edit move 20 5', 'edit end 20 5'])
    log = []
    pointer('pointerdown', 10, 10)
    pointer('pointermove', 30, 15)
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    expect(log).toEqual(['edit move 20 5', 'edit cancel 0 0'])
  })

  it('windows with the right button and pans with the middle one under any tool', () => {
    drag('box', 2)
    drag('box', 1)
    expect(log).toEqual(['window 20 5', 'pan 20 5'])
  })

  it('tells a click from a double click', () => {
    for (let i = 0; i < 2; i++) {
      pointer('pointerdown', 10, 10)
      pointer('pointerup', 11, 10)
    }
    expect(log).toEqual(['click 11 10', 'double click'])
  })

  it('gives a shape up on Escape', () => {
    gestures.tool = 'box'
    pointer('pointerdown', 10, 10)
    pointer('pointermove', 30, 15)
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    pointer('pointerup', 40, 20)
    expect(log.at(-1)).toBe('box cancel 10 10 30 15')
  })

  it('leaves Escape to the page while nothing is dragged', () => {
    let reached = false
    const listen = () => {
      reached = true
    }
    window.addEventListener('keydown', listen)
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    window.removeEventListener('keydown', listen)
    expect(reached).toBe(true)
  })

  it('pinches about the middle of two fingers', () => {
    gestures.tool = 'box'
    pointer('pointerdown', 100, 100, { id: 1 })
    pointer('pointerdown', 200, 100, { id: 2 })
    pointer('pointermove', 300, 100, { id: 2 })
    pointer('pointerup', 300, 100, { id: 2 })
    expect(log).toEqual(['pan 50 0', 'zoom 200 100 2'])
  })

  it('zooms about the pointer with the wheel, sideways with shift', () => {
    const wheel = (init: WheelEventInit) => {
      const event = new WheelEvent('wheel', { cancelable: true, bubbles: true, ...init })
      // happy-dom's wheel events have neither place nor modifier keys
      const shiftKey = { value: init.shiftKey ?? false }
      Object.defineProperties(event, { clientX: { value: 5 }, clientY: { value: 6 }, shiftKey })
      return root.dispatchEvent(event)
    }
    expect(wheel({ deltaY: -100 })).toBe(false)
    wheel({ deltaY: 40, shiftKey: true })
    expect(log[0]).toMatch(/^zoom 5 6 1\.17/)
    expect(log[1]).toBe('pan -40 0')
  })
})
