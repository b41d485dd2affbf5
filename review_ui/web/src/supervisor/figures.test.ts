import { expect, it } from 'vitest'

import type { HourFigures } from '../api/types'
import { translate } from '../i18n'
import { dueName, ratio, shares, sumHours } from './figures'

const hour = (figures: Partial<HourFigures>): HourFigures => ({
  hour: '2026-01-01T00:00:00Z',
  n_primary: 0,
  n_second: 0,
  n_supervisor: 0,
  n_closed: 0,
  n_on_time: 0,
  n_inspect: 0,
  n_flag_inspect: 0,
  n_flag_release: 0,
  n_clear_inspect: 0,
  n_clear_release: 0,
  n_second_agreed: 0,
  n_opened: 0,
  n_found: 0,
  ...figures,
})

it('sums hours and takes shares of them', () => {
  const day = sumHours([
    hour({ n_closed: 4, n_on_time: 3, n_flag_inspect: 1, n_flag_release: 1, n_clear_release: 2 }),
    hour({
      n_closed: 1,
      n_on_time: 1,
      n_clear_inspect: 1,
      n_second: 2,
      n_second_agreed: 1,
      n_opened: 3,
      n_found: 2,
    }),
  ])
  const found = Object.fromEntries(shares(day).map(({ name, n, of }) => [name, [n, of]]))
  expect(found).toEqual({
    onTime: [4, 5],
    inspect: [0, 5],
    hit: [2, 3],
    aiAgreed: [3, 5],
    aiConfirmed: [1, 2],
    aiMissed: [1, 3],
    secondAgreed: [1, 2],
  })
  expect(ratio(0, 0)).toBeNull()
})

it('names spans of due times', () => {
  const t = (key: Parameters<typeof translate>[1], parameters?: Parameters<typeof translate>[2]) =>
    translate('en-US', key, parameters)
  expect(dueName({ from_s: null, to_s: -900, n: 0 }, t)).toBe('> 15 min over')
  expect(dueName({ from_s: -900, to_s: 0, n: 0 }, t)).toBe('0–15 min over')
  expect(dueName({ from_s: 300, to_s: 900, n: 0 }, t)).toBe('in 5–15 min')
  expect(dueName({ from_s: 1800, to_s: null, n: 0 }, t)).toBe('in > 30 min')
})
