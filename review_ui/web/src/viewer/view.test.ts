import { beforeEach, describe, expect, it } from 'vitest'
import { ViewModel } from './view'

const SCAN = { width: 4800, height: 1200 }
let model: ViewModel

beforeEach(() => {
  model = new ViewModel()
  model.resize({ width: 1600, height: 800 })
  model.open('a', SCAN)
})

describe('ViewModel', () => {
  it('opens a scan fitted, and keeps it fitted when the view is resized', () => {
    expect(model.state.zoom).toBeCloseTo(1 / 3)
    model.resize({ width: 800, height: 800 })
    expect(model.state.zoom).toBeCloseTo(1 / 6)
  })

  it('keeps place and zoom on resize once moved', () => {
    model.zoomAt([800, 400], 1)
    model.resize({ width: 800, height: 800 })
    expect(model.state).toMatchObject({ zoom: 1, center: [2400, 600] })
  })

  it('returns to where a scan was left', () => {
    model.zoomAt([800, 400], 2)
    model.panBy(100, 0)
    const left = model.state
    model.open('b', { width: 1000, height: 1000 })
    expect(model.state.zoom).toBeCloseTo(0.8)
    model.open('a', SCAN)
    expect(model.state).toEqual(left)
  })

  it('forgets a released scan', () => {
    model.zoomAt([800, 400], 2)
    model.open('b', SCAN)
    model.forget('a')
    model.open('a', SCAN)
    expect(model.state.zoom).toBeCloseTo(1 / 3)
  })

  it('pans with the pointer, flipped or not', () => {
    model.zoomAt([800, 400], 1)
    model.panBy(10, 5)
    expect(model.state.center).toEqual([2390, 595])
    model.patch({ flippedX: true })
    model.panBy(10, 0)
    expect(model.state.center).toEqual([2400, 595])
  })

  it('fits the turned scan, and pans with the pointer', () => {
    model.patch({ turns: 1 })
    expect(model.state.zoom).toBeCloseTo(800 / 4800)
    model.fit('width')
    expect(model.state.zoom).toBeCloseTo(1600 / 1200)
    model.zoomAt([800, 400], 1)
    model.panBy(10, 5)
    expect(model.state.center).toEqual([2395, 610])
    model.patch({ turns: 0 })
    expect(model.state).toMatchObject({ zoom: 1, center: [2395, 610] })
  })

  it('fills the view with a box, turned or not', () => {
    model.fill([1000, 200, 1400, 300])
    expect(model.state).toMatchObject({ zoom: 4, center: [1200, 250] })
    model.patch({ turns: 3 })
    model.fill([1000, 200, 1400, 300])
    expect(model.state).toMatchObject({ zoom: 2, center: [1200, 250] })
  })

  it('never loses the scan', () => {
    model.panBy(1e6, -1e6)
    expect(model.state.center).toEqual([0, 1200])
    model.zoomAt([0, 0], 1e9)
    expect(model.state.zoom).toBe(48)
  })

  it('gives the equalised mode its own window and returns to the old one', () => {
    model.patch({ window: 8000, level: 5000 })
    model.patch({ mode: 'clahe' })
    expect(model.state).toMatchObject({ window: 65536, level: 32768 })
    model.patch({ mode: 'grey' })
    expect(model.state).toMatchObject({ window: 8000, level: 5000 })
  })

  it('keeps the window between the other modes', () => {
    model.patch({ window: 8000, level: 5000 })
    model.patch({ mode: 'material' })
    expect(model.state).toMatchObject({ window: 8000, level: 5000, mode: 'material' })
  })

  it('resets all but mode and channel', () => {
    model.patch({ mode: 'pseudo', inverted: true, sharpen: 1, window: 100, zoom: 3, channel: 'low' })
    model.reset()
    expect(model.state).toMatchObject({
      mode: 'pseudo',
      channel: 'low',
      inverted: false,
      sharpen: 0,
      window: 65536,
    })
    expect(model.state.zoom).toBeCloseTo(1 / 3)
  })

  it('keeps settings within bounds', () => {
    model.patch({ window: -5, level: 1e9, sharpen: 7, gamma: 99 })
    expect(model.state).toMatchObject({ window: 16, level: 65535, sharpen: 1, gamma: 3 })
  })
})
