import { describe, expect, it } from 'vitest'
import {
  axisPosition,
  boxMean,
  HUE_DENSE,
  HUE_GREY,
  hueMap,
  MaterialTable,
  MV_CURVE,
  materialOfHue,
  zOfHue,
} from './material'

const table = new MaterialTable()

/** High and low attenuation of a uniform object, from datasets/synthetic/physics.py. */
const GOODS = [
  { name: 'organic, 10 g/cm²', high: 0.4268, ratio: 1.159, material: 'organic' },
  { name: 'organic, 80 g/cm²', high: 3.1395, ratio: 1.176, material: 'organic' },
  { name: 'aluminium, 20 g/cm²', high: 0.7544, ratio: 1.142, material: 'inorganic' },
  { name: 'aluminium, 80 g/cm²', high: 2.863, ratio: 1.148, material: 'inorganic' },
  { name: 'steel, 10 g/cm²', high: 0.3911, ratio: 1.111, material: 'metal' },
  { name: 'steel, 80 g/cm²', high: 2.9858, ratio: 1.11, material: 'metal' },
  { name: 'lead, 20 g/cm²', high: 0.9216, ratio: 1.08, material: 'metal' },
] as const

describe('MaterialTable', () => {
  it.each(GOODS)('tells $name', ({ high, ratio, material }) => {
    expect(materialOfHue(table.hue(high, high * ratio), 30000)).toBe(material)
  })

  it('says grey where there is too little material, dense where too little comes through', () => {
    expect(table.hue(0.01, 0.0116)).toBe(HUE_GREY)
    expect(table.hue(5.5, 6)).toBe(HUE_DENSE)
  })

  it('keeps hues within the axis for impossible ratios', () => {
    expect(materialOfHue(table.hue(1, 2), 30000)).toBe('organic')
    expect(materialOfHue(table.hue(1, 0.5), 30000)).toBe('metal')
  })

  it('finds the effective Z of water-like goods, aluminium and steel', () => {
    const z = (high: number, ratio: number) => zOfHue(table.hue(high, high * ratio))
    expect(z(0.4268, 1.159)).toBeCloseTo(7, 0)
    expect(Math.abs(z(0.7544, 1.142)! - 13)).toBeLessThan(1.5)
    expect(Math.abs(z(0.3911, 1.111)! - 26)).toBeLessThan(2)
    expect(zOfHue(HUE_GREY)).toBeNull()
    expect(zOfHue(HUE_DENSE)).toBeNull()
  })
})

describe('axisPosition', () => {
  it('rises from organic to lead', () => {
    const at = MV_CURVE.anchors.map((a) => axisPosition(0, a.ratio))
    expect(at).toEqual([...at].sort((a, b) => a - b))
    expect(new Set(at).size).toBe(4)
  })

  it('also works where the ratio grows with Z, as below 1 MeV', () => {
    const anchors = [1.2, 1.4, 1.8, 2.4].map((ratio, i) => ({ z: [7, 13, 26, 82][i], ratio, hardening: 0 }))
    const curve = { ...MV_CURVE, anchors: anchors as unknown as typeof MV_CURVE.anchors }
    expect(axisPosition(1, 1.2, curve)).toBeLessThan(axisPosition(1, 1.4, curve))
    expect(axisPosition(1, 1.8, curve)).toBeLessThan(axisPosition(1, 2.4, curve))
  })
})

describe('boxMean', () => {
  it('averages what lies inside at the border', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)
    const mean = boxMean(values, 3, 1)
    expect(mean[4]).toBeCloseTo(5)
    expect(mean[0]).toBeCloseTo((1 + 2 + 4 + 5) / 4)
    expect(mean[5]).toBeCloseTo((2 + 3 + 5 + 6 + 8 + 9) / 6)
  })
})

describe('hueMap', () => {
  it('colours a block of steel in air up to its edge and no further', () => {
    const width = 40
    const at = (v: number): Uint16Array =>
      Uint16Array.from({ length: width * width }, (_, i) => {
        const inside = [i % width, Math.floor(i / width)].every((p) => p >= 10 && p < 30)
        return inside ? v : 65535
      })
    const high = at(Math.round(65535 * Math.exp(-1)))
    const low = at(Math.round(65535 * Math.exp(-1.111)))
    const hues = hueMap(high, low, { width, radius: 2, table })
    for (const i of [10 * width + 10, 20 * width + 20, 29 * width + 29]) {
      expect(materialOfHue(hues[i], high[i])).toBe('metal')
    }
    expect(hues[9 * width + 10]).toBe(HUE_GREY)
  })
})

describe('materialOfHue', () => {
  it('calls grey air only where nearly everything comes through', () => {
    expect(materialOfHue(HUE_GREY, 65000)).toBe('air')
    expect(materialOfHue(HUE_GREY, 40000)).toBeNull()
  })
})
