import { describe, expect, it } from 'vitest'
import { ColourTables, huePalette, type Look, luminanceTable, valueTable } from './colour'
import { HUE_GREY, MaterialTable } from './material'
import { PRESETS } from './presets'

const FULL: Look = {
  window: 65536,
  level: 32768,
  inverted: false,
  mode: 'grey',
  gamma: 1,
  logarithmic: false,
  highlight: null,
}

function channels(colour: number): [number, number, number, number] {
  return [colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255, colour >>> 24]
}

describe('luminanceTable', () => {
  it('maps the full range to black and white', () => {
    const table = luminanceTable(FULL)
    expect([table[0], table[32768], table[65535]]).toEqual([0, 128, 255])
  })

  it('never falls with the signal, in every mode and preset', () => {
    for (const mode of ['grey', 'high_penetration', 'low_penetration'] as const) {
      for (const { window, level } of Object.values(PRESETS).flat()) {
        for (const curve of [{}, { gamma: 0.4 }, { gamma: 2.5 }, { logarithmic: true }]) {
          const table = luminanceTable({ ...FULL, window, level, mode, ...curve })
          expect(table.every((v, i) => i === 0 || v >= table[i - 1])).toBe(true)
        }
      }
    }
  })

  it('bends between black and white by gamma', () => {
    const table = luminanceTable({ ...FULL, gamma: 2 })
    expect([table[0], table[65535]]).toEqual([0, 255])
    expect(table[16384]).toBe(128)
    expect(luminanceTable({ ...FULL, gamma: 0.5 })[32768]).toBe(64)
    expect(luminanceTable({ ...FULL, gamma: 2, inverted: true })[16384]).toBe(127)
  })

  it('steps evenly along thickness when logarithmic, and ends where the window ends', () => {
    const through = (freePaths: number) => Math.round(65535 * Math.exp(-freePaths))
    const table = luminanceTable({ ...FULL, logarithmic: true })
    const steps = [0, 1, 2, 3, 4, 5].map((n) => table[through(n)])
    const differences = steps.slice(1).map((v, i) => steps[i] - v)
    expect(Math.max(...differences) - Math.min(...differences)).toBeLessThanOrEqual(1)
    expect([table[0], table[64], table[65535]]).toEqual([0, 0, 255])
    const narrow = luminanceTable({ ...FULL, window: 2000, level: 5000, logarithmic: true })
    expect([narrow[4000], narrow[6000], narrow[65535]]).toEqual([0, 255, 255])
    expect(narrow[Math.round(Math.sqrt(4000 * 6000))]).toBe(128)
  })

  it('clips below and above the window', () => {
    const table = luminanceTable({ ...FULL, window: 1000, level: 5000 })
    expect([table[4500], table[4499], table[5500], table[65535]]).toEqual([0, 0, 255, 255])
  })

  it('inverts', () => {
    const table = luminanceTable({ ...FULL, inverted: true })
    expect([table[0], table[65535]]).toEqual([255, 0])
  })

  it('spreads the dark end for high penetration, the bright end for low', () => {
    const dark = 2000
    expect(luminanceTable({ ...FULL, mode: 'high_penetration' })[dark]).toBeGreaterThan(60)
    expect(luminanceTable(FULL)[dark]).toBeLessThan(10)
    const step = (mode: Look['mode']) => {
      const table = luminanceTable({ ...FULL, mode })
      return table[65000] - table[60000]
    }
    expect(step('low_penetration')).toBeGreaterThan(2 * step('grey'))
  })
})

describe('valueTable', () => {
  it('is grey and opaque', () => {
    const table = valueTable(luminanceTable(FULL), 'grey')
    expect(channels(table[32768])).toEqual([128, 128, 128, 255])
  })

  it('is coloured for pseudo-colour', () => {
    const [r, g, b] = channels(valueTable(luminanceTable(FULL), 'pseudo')[32768])
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeGreaterThan(60)
  })
})

describe('huePalette', () => {
  const table = new MaterialTable()
  const hue = { organic: table.hue(0.5, 0.5 * 1.159), metal: table.hue(0.5, 0.5 * 1.111) }
  const at = (mode: Look['mode'], h: number, lum = 120) => channels(huePalette(mode, false)[h * 256 + lum])
  const isGrey = ([r, g, b]: number[]) => Math.max(r, g, b) - Math.min(r, g, b) < 12

  it('is orange for organic goods, blue for metal, grey where unknown', () => {
    const [r, , b] = at('material', hue.organic)
    expect(r).toBeGreaterThan(b + 100)
    const metal = at('material', hue.metal)
    expect(metal[2]).toBeGreaterThan(metal[0] + 80)
    expect(at('material', HUE_GREY)).toEqual([120, 120, 120, 255])
  })

  it('strips what the mode names and leaves the rest as it was', () => {
    expect(isGrey(at('organic', hue.organic))).toBe(true)
    expect(at('organic', hue.organic)[0]).toBeGreaterThan(220)
    expect(at('organic', hue.metal)).toEqual(at('material', hue.metal))
    expect(isGrey(at('inorganic', hue.metal))).toBe(true)
    expect(at('inorganic', hue.organic)).toEqual(at('material', hue.organic))
  })
})

describe('ColourTables', () => {
  it('makes tables again only when the colours change', () => {
    const tables = new ColourTables()
    const first = tables.for(FULL, true)
    expect(tables.for({ ...FULL }, true)).toBe(first)
    expect(tables.for({ ...FULL, level: 100 }, true).version).toBeGreaterThan(first.version)
  })

  it('shows a single-energy scan in grey where a mode needs two', () => {
    const tables = new ColourTables()
    expect(tables.for({ ...FULL, mode: 'material' }, false).values).not.toBeNull()
    expect(tables.for({ ...FULL, mode: 'material' }, true).palette).not.toBeNull()
  })
})

describe('highlighting a range of density', () => {
  it('colours exactly the values of the range, and leaves the materials out', () => {
    const plain = new ColourTables().for(FULL, true)
    const lit = new ColourTables().for({ ...FULL, mode: 'material', highlight: [100, 200] }, true)
    expect(lit.palette).toBeNull()
    const changed = Array.from({ length: 65536 }, (_, v) => v).filter(
      (v) => lit.values![v] !== plain.values![v],
    )
    expect([changed.length, changed[0], changed.at(-1)]).toEqual([101, 100, 200])
  })
})
