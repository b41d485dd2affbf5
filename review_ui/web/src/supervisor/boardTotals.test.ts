import { expect, it } from 'vitest'

import type { PortBoard } from '../api/types'
import { totals } from './boardTotals'

const port = (ready: number, oldest_s: number | null): PortBoard => ({
  port: 'YTN',
  name_zh: '盐田',
  name_en: 'Yantian',
  ready,
  by_stage: [ready, 0, 0],
  leased: 1,
  oldest_s,
  overdue: 2,
  decided_last_hour: 3,
  screening: 4,
})

it('adds up ports and keeps the oldest', () => {
  expect(totals([port(1, null), port(5, 30), port(0, 7)])).toEqual({
    ready: 6,
    leased: 3,
    overdue: 6,
    screening: 12,
    decided_last_hour: 9,
    oldest_s: 30,
  })
  expect(totals([]).oldest_s).toBeNull()
})
