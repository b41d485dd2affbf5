/** Sums and shares of hourly figures. */

import type { FiguresOut, HourFigures } from '../api/types'
import type { Translate } from '../i18n'

type Sums = Omit<HourFigures, 'hour'>

export function sumHours(hours: readonly HourFigures[]): Sums {
  const sums: Record<string, number> = {}
  for (const { hour: _, ...figures } of hours) {
    for (const [name, n] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + n
  }
  return sums as Sums
}

export function ratio(n: number, of: number): number | null {
  return of > 0 ? n / of : null
}

/** `n` of `of`: on time, to be opened, opened with reason; what people make of what the model says; second of first reviews. */
export function shares(day: Sums) {
  const flagged = day.n_flag_inspect + day.n_flag_release
  const cleared = day.n_clear_inspect + day.n_clear_release
  return [
    { name: 'onTime', n: day.n_on_time, of: day.n_closed },
    { name: 'inspect', n: day.n_inspect, of: day.n_closed },
    { name: 'hit', n: day.n_found, of: day.n_opened },
    { name: 'aiAgreed', n: day.n_flag_inspect + day.n_clear_release, of: flagged + cleared },
    { name: 'aiConfirmed', n: day.n_flag_inspect, of: flagged },
    { name: 'aiMissed', n: day.n_clear_inspect, of: cleared },
    { name: 'secondAgreed', n: day.n_second_agreed, of: day.n_second },
  ] as const
}

/** `overdue > 15 min`, `in 5–15 min`. */
export function dueName({ from_s, to_s }: FiguresOut['due'][number], t: Translate): string {
  const minutes = (seconds: number) => Math.round(Math.abs(seconds) / 60)
  if (to_s === null) return t('figures.dueAfter', { from: minutes(from_s ?? 0) })
  if (from_s === null) return t('figures.dueBefore', { from: minutes(to_s) })
  if (to_s <= 0) return t('figures.dueOver', { from: minutes(to_s), to: minutes(from_s) })
  return t('figures.dueIn', { from: minutes(from_s), to: minutes(to_s) })
}
