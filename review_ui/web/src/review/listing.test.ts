import { expect, it } from 'vitest'

import { listing, PAGE } from './listing'

it('lists a hundred findings of many, more on demand, and always the selected one', () => {
  expect(listing(330, PAGE, -1)).toEqual({ nShown: 100, nMore: 100 })
  expect(listing(330, 2 * PAGE, 5)).toEqual({ nShown: 200, nMore: 100 })
  expect(listing(330, PAGE, 99)).toEqual({ nShown: 100, nMore: 100 })
  expect(listing(330, PAGE, 200)).toEqual({ nShown: 300, nMore: 30 })
  expect(listing(330, PAGE, 310)).toEqual({ nShown: 330, nMore: 0 })
})

it('lists few findings as they are', () => {
  expect(listing(3, PAGE, 1)).toEqual({ nShown: 3, nMore: 0 })
  expect(listing(0, PAGE, -1)).toEqual({ nShown: 0, nMore: 0 })
})
