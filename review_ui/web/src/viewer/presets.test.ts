import { describe, expect, it } from 'vitest'

import { FULL_RANGE, type Modality, PRESETS } from './presets'

const MODALITIES = Object.keys(PRESETS) as Modality[]

describe('PRESETS', () => {
  it('has one for each digit, the full range first, whatever was scanned', () => {
    for (const modality of MODALITIES) {
      expect(PRESETS[modality]).toHaveLength(9)
      expect(PRESETS[modality][0]).toBe(FULL_RANGE)
    }
  })

  it('tells its presets apart by name and by what they show', () => {
    for (const modality of MODALITIES) {
      const presets = PRESETS[modality]
      expect(new Set(presets.map(({ id }) => id)).size).toBe(9)
      expect(new Set(presets.map(({ window, level }) => `${window}/${level}`)).size).toBe(9)
      for (const { window, level } of presets) {
        expect(window).toBeGreaterThan(0)
        expect(level).toBeGreaterThan(0)
        expect(level).toBeLessThan(65536)
      }
    }
  })

  it('shows a thin floor pan of a car where presets for cargo show an empty box', () => {
    const thin = 57_000
    const shown = (modality: Modality) =>
      PRESETS[modality].filter(({ window, level }) => window < 20_000 && Math.abs(thin - level) < window / 2)
    expect(shown('under_vehicle').map(({ id }) => id)).toEqual(['under_floor', 'under_exhaust'])
    expect(shown('cargo').map(({ id }) => id)).toEqual(['walls'])
  })
})
