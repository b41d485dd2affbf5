import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const CSS = readFileSync('src/styles/colours.css', 'utf8')

function colours(selector: string): Record<string, string> {
  const from = CSS.indexOf(selector)
  const block = CSS.slice(from, CSS.indexOf('}', from))
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex]),
  )
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const GROUNDS = ['bg', 'surface', 'bar', 'raised']
const INKS = ['text', 'text-2', 'text-3', 'strong', 'primary', 'primary-text', 'success', 'success-text']
const SIGNALS = ['warning', 'warning-text', 'danger', 'danger-text', 'drawn']

describe.each([
  ['dark', ':root,'],
  ['light', ':root[data-theme="light"]'],
])('the colours in the %s', (_, selector) => {
  const of = colours(selector)

  it('are those of the other theme', () => {
    expect(Object.keys(of).sort()).toEqual(Object.keys(colours(':root,')).sort())
    expect(Object.keys(of).length).toBeGreaterThan(20)
  })

  it('can be read on every ground (WCAG AA)', () => {
    const tooFaint = [...INKS, ...SIGNALS].flatMap((ink) =>
      GROUNDS.filter((ground) => contrast(of[ink], of[ground]) < 4.5).map((ground) => `${ink} on ${ground}`),
    )
    expect(tooFaint).toEqual([])
  })

  it('can be read on grounds of their own (WCAG AA)', () => {
    for (const name of ['primary', 'success', 'warning', 'danger']) {
      expect(contrast(of[`${name}-text`], of[`${name}-dim`])).toBeGreaterThanOrEqual(4.5)
    }
    expect(contrast(of.strong, of['primary-dim'])).toBeGreaterThanOrEqual(4.5)
    expect(contrast('#ffffff', of['danger-strong'])).toBeGreaterThanOrEqual(4.5)
  })
})
