import { expect, it } from 'vitest'

import { baseSizePx } from './scale'

it('is 14 px on full HD, and grows slower than the screen', () => {
  const sizes = [
    [1366, 768],
    [1920, 1080],
    [2560, 1440],
    [3840, 2160],
  ].map(([width, height]) => baseSizePx(width, height))
  expect(sizes).toEqual([12, 14, 17, 23])
})
