import { expect, it } from 'vitest'

import { themeOf } from './theme'

it('follows the system until a person chooses', () => {
  expect([themeOf('system', true), themeOf('system', false)]).toEqual(['light', 'dark'])
  expect([themeOf('dark', true), themeOf('light', false)]).toEqual(['dark', 'light'])
})
