import { expect, it } from 'vitest'

import {
  boxSize,
  clock,
  containerNo,
  containerNos,
  grouped,
  hsCode,
  letters,
  masked,
  moment,
  percent,
  riskBand,
  span,
} from './format'

it('writes durations as clocks', () => {
  expect([0, 94.9, 148, 3723, -12].map(clock)).toEqual(['00:00', '01:34', '02:28', '1:02:03', '-00:12'])
  expect(clock(-0.4)).toBe('00:00')
})

it('writes durations in the unit that fits', () => {
  expect([4.25, 48.2, 119, 720, 12_240, null].map(span)).toEqual([
    '4.3 s',
    '48 s',
    '119 s',
    '12 min',
    '3.4 h',
    '–',
  ])
})

it('groups digits', () => {
  expect([0, 999, 24300, 1234567, -1200, null, undefined].map((n) => grouped(n))).toEqual([
    '0',
    '999',
    '24\u2009300',
    '1\u2009234\u2009567',
    '−1\u2009200',
    '–',
    '–',
  ])
  expect(grouped(1234.56, 1)).toBe('1\u2009234.6')
})

it('writes ratios', () => {
  expect([percent(0.986, 1), percent(0.5), percent(null)]).toEqual(['98.6%', '50%', '–'])
})

it('counts in letters', () => {
  expect([0, 25, 26, 27, 701, 702].map(letters)).toEqual(['A', 'Z', 'AA', 'AB', 'ZZ', 'AAA'])
})

it('spaces container numbers and dots HS codes', () => {
  expect(containerNo('DEMU3054172')).toBe('DEMU 305417 2')
  expect(containerNo('粤B12345')).toBe('粤B12345')
  expect(containerNos(['DEMU3054172', 'X'])).toBe('DEMU 305417 2 + X')
  expect(containerNos([])).toBeNull()
  expect([hsCode('3924100000'), hsCode('3924'), hsCode('39')]).toEqual(['3924.10.00.00', '3924', '39'])
})

it('hides the middle of long numbers', () => {
  expect(masked('530120261123004471')).toBe('5301\u2009****\u20094471')
  expect(masked('12345')).toBe('12345')
})

it('names the year only when it is another one', () => {
  const now = new Date(2026, 10, 23)
  const at = new Date(2026, 10, 23, 9, 5, 7).toISOString()
  expect(moment(at, now)).toBe('11-23 09:05:07')
  expect(moment(at, new Date(2027, 0, 1))).toBe('2026-11-23 09:05:07')
  expect(moment('soon', now)).toBe('')
})

it('measures boxes in millimetres when it can', () => {
  expect(boxSize([0, 0, 100, 20], 4.2)).toBe('420 × 84 mm')
  expect(boxSize([0, 0, 100, 20], null)).toBe('100 × 20 px')
})

it('puts risks into words', () => {
  expect([0.1, 0.4, 0.69, 0.7].map(riskBand)).toEqual(['low', 'medium', 'medium', 'high'])
})
