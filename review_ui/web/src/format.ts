/** Numbers, times and names as people read them. */

import type { Box } from './api/types'

/** `1:34`, `-0:12`, `1:02:03`. */
export function clock(seconds: number): string {
  const sign = seconds <= -1 ? '-' : ''
  const whole = Math.floor(Math.abs(seconds))
  const h = Math.floor(whole / 3600)
  const m = Math.floor((whole % 3600) / 60)
  const s = String(whole % 60).padStart(2, '0')
  return h > 0
    ? `${sign}${h}:${String(m).padStart(2, '0')}:${s}`
    : `${sign}${String(m).padStart(2, '0')}:${s}`
}

/** `48 s`, `12 min`, `3.4 h`; `–` for null. */
export function span(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}

/** Digits in groups of three with a thin space, as customs papers do: `24 300`. */
export function grouped(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const rounded = Number(value.toFixed(digits))
  const [whole, fraction] = String(Math.abs(rounded)).split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')
  return `${rounded < 0 ? '−' : ''}${groups}${fraction ? `.${fraction}` : ''}`
}

export function percent(ratio: number | null, digits = 0): string {
  return ratio === null ? '–' : `${(ratio * 100).toFixed(digits)}%`
}

/** `A`…`Z`, `AA`, `AB`… for 0, 1, … */
export function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last
}

/** `DEMU 305417 2`: owner and category, serial number, check digit (ISO 6346). Other texts as they are. */
export function containerNo(text: string): string {
  const match = /^([A-Z]{4})(\d{6})(\d)$/.exec(text)
  return match ? `${match[1]} ${match[2]} ${match[3]}` : text
}

/** All containers of one picture in one line; null without any. */
export function containerNos(numbers: readonly string[]): string | null {
  return numbers.length === 0 ? null : numbers.map(containerNo).join(' + ')
}

/** `3924.10.00`: an HS code with the dots of the tariff. */
export function hsCode(code: string): string {
  const parts = [code.slice(0, 4), code.slice(4, 6), code.slice(6, 8), code.slice(8, 10)]
  return parts.filter((part) => part !== '').join('.')
}

/** All but the first and last four characters of a declaration number, for a screen others can see. */
export function masked(text: string): string {
  return text.length > 10 ? `${text.slice(0, 4)}\u2009****\u2009${text.slice(-4)}` : text
}

const pad = (value: number) => String(value).padStart(2, '0')

/** Local time `11-23 18:45:07`, with the year when it is not this one. Empty for an unreadable time. */
export function moment(iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  const year = at.getFullYear() === now.getFullYear() ? '' : `${at.getFullYear()}-`
  return `${year}${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${timeOfDay(at)}`
}

export function timeOfDay(at: Date): string {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** `812 × 96 mm` when the pitch is known, else in pixels. */
export function boxSize(box: Box, pitchMm: number | null): string {
  const scale = pitchMm ?? 1
  const [w, h] = [(box[2] - box[0]) * scale, (box[3] - box[1]) * scale]
  return `${grouped(w)} × ${grouped(h)} ${pitchMm === null ? 'px' : 'mm'}`
}

export type RiskBand = 'high' | 'medium' | 'low'

/** The words beside a risk; the number is always shown too. */
export function riskBand(risk: number): RiskBand {
  if (risk >= 0.7) return 'high'
  return risk >= 0.4 ? 'medium' : 'low'
}
