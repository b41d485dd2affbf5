import { expect, it } from 'vitest'

import { briefDetail } from './briefDetail'

it('shortens the digest of a content and nothing else', () => {
  const digest = '0123456789abcdef'.repeat(4)
  expect(briefDetail(`disposition=inspect content=${digest}`)).toBe('disposition=inspect content=01234567…')
  expect(briefDetail(`sha256=${digest}`)).toBe(`sha256=${digest}`)
  expect(briefDetail(null)).toBe('')
})
