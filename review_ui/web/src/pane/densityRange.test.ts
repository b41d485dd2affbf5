import { describe, expect, it } from 'vitest'

import { densityRange } from './densityRange'

const energy = (mean: number, std: number) => ({ mean, std, min: 0, max: 65535 })
const ROI = { box: [0, 0, 9, 9] as [number, number, number, number], n: 81, ratio: null }

describe('densityRange', () => {
  it('takes the measured region before the pixel, at the energy that is shown', () => {
    const roi = { ...ROI, high: energy(20000, 500), low: energy(10000, 1000) }
    expect(densityRange('high', roi, { high: 1, low: 1 })).toEqual([19000, 21000])
    expect(densityRange('low', roi, null)).toEqual([8000, 12000])
  })

  it('is no narrower than noise and stays within 16 bits', () => {
    expect(densityRange('high', { ...ROI, high: energy(20000, 1), low: null }, null)).toEqual([19700, 20300])
    expect(densityRange('high', null, { high: 100, low: null })).toEqual([0, 400])
    expect(densityRange('low', null, { high: 65535, low: null })).toEqual([61603, 65535])
    expect(densityRange('high', null, null)).toBeNull()
  })
})
