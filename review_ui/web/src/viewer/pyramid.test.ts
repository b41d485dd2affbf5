import { describe, expect, it } from 'vitest'
import { noise } from './fixtures'
import { halvePlane, halveStrip, thinPlane } from './pyramid'

function naiveHalf(pixels: Uint16Array, width: number): Uint16Array {
  const height = pixels.length / width
  const halfWidth = Math.ceil(width / 2)
  const out = new Uint16Array(halfWidth * Math.ceil(height / 2))
  for (let i = 0; i < out.length; i++) {
    const x = 2 * (i % halfWidth)
    const y = 2 * Math.floor(i / halfWidth)
    const block = [
      [x, y],
      [x + 1, y],
      [x, y + 1],
      [x + 1, y + 1],
    ].filter(([a, b]) => a < width && b < height)
    const sum = block.reduce((s, [a, b]) => s + pixels[b * width + a], 0)
    out[i] = Math.floor(sum / block.length + 0.5)
  }
  return out
}

describe('halvePlane', () => {
  it.each([
    [8, 6],
    [7, 5],
    [1, 1],
    [1, 4],
    [5, 1],
  ])('is the rounded mean of the pixels each block has, %i × %i', (width, height) => {
    const pixels = noise(width, height)
    expect(halvePlane(pixels, width)).toEqual(naiveHalf(pixels, width))
  })
})

describe('halveStrip', () => {
  it('makes the rows that lie in the strip alone', () => {
    const width = 6
    const pixels = noise(width, 9)
    const whole = halvePlane(pixels, width)
    const strip = halveStrip(pixels.subarray(3 * width, 6 * width), { width, top: 3, isLast: false })
    expect([strip.firstRow, strip.rows]).toEqual([2, 1])
    expect(strip.pixels).toEqual(whole.slice(2 * 3, 3 * 3))
  })

  it('makes the single last row of a scan of odd height', () => {
    const width = 4
    const pixels = noise(width, 5)
    const strip = halveStrip(pixels.subarray(2 * width), { width, top: 2, isLast: true })
    expect([strip.firstRow, strip.rows]).toEqual([1, 2])
    expect(strip.pixels).toEqual(halvePlane(pixels, width).slice(2))
  })
})

describe('thinPlane', () => {
  it('keeps every second code of every second row', () => {
    expect([...thinPlane(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 3)]).toEqual([1, 3, 7, 9])
  })
})
