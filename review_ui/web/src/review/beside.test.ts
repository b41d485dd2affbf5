import { expect, it } from 'vitest'

import { beside } from './beside'

const VIEW = { width: 1000, height: 600 }
const CARD = { width: 200, height: 100 }

it('stands where there is most room', () => {
  expect(beside({ left: 0, top: 100, width: 60, height: 400 }, CARD, VIEW)).toEqual({ left: 74, top: 250 })
  expect(beside({ left: 700, top: 100, width: 300, height: 400 }, CARD, VIEW)).toEqual({
    left: 486,
    top: 250,
  })
  expect(beside({ left: 0, top: 0, width: 1000, height: 40 }, CARD, VIEW)).toEqual({ left: 400, top: 54 })
  expect(beside({ left: 0, top: 540, width: 1000, height: 60 }, CARD, VIEW)).toEqual({ left: 400, top: 426 })
})

it('stays in the window, and lies over what leaves no room', () => {
  expect(beside({ left: 900, top: 0, width: 80, height: 30 }, CARD, VIEW)).toEqual({ left: 686, top: 8 })
  expect(beside({ left: 0, top: 0, width: 1000, height: 600 }, CARD, VIEW)).toEqual({ left: 400, top: 250 })
})
