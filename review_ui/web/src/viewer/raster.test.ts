import { describe, expect, it } from 'vitest'
import { ColourTables } from './colour'
import { addStrip, fullScan, levelRef, noise, scanRef } from './fixtures'
import { ScanPixels } from './pixels'
import { type DrawStyle, drawFrame, type FrameSpec, planFrame } from './raster'
import { SharpenCache, sharpenAmount, sharpenRow } from './sharpen'

const VALUES = Uint32Array.from({ length: 65536 }, (_, v) => v + 1) // 0 stays for "not drawn"
const STYLE: DrawStyle = {
  colours: { version: 1, values: VALUES, luminance: new Uint8Array(65536), palette: null },
  channel: 0,
  equalised: false,
  sharpen: 0,
}

function spec(width: number, height: number, pose: Partial<FrameSpec['pose']>, ratio = 1): FrameSpec {
  return {
    pose: { zoom: 1, center: [width / 2, height / 2], flippedX: false, flippedY: false, turns: 0, ...pose },
    view: { width, height },
    width: width * ratio,
    height: height * ratio,
    smooth: false,
  }
}

/** Pixel values as drawn; -1 where nothing was. */
function draw(scan: ScanPixels, frame: FrameSpec, style: Partial<DrawStyle> = {}): Int32Array {
  const out = new Uint32Array(frame.width * frame.height).fill(7)
  drawFrame(out, scan, frame, { ...STYLE, ...style }, new SharpenCache())
  return Int32Array.from(out, (v) => v - 1)
}

describe('drawFrame', () => {
  const plane = noise(24, 16)
  const scan = fullScan([plane], 24, { stripRows: 5 })

  it('shows every value exactly at 1:1', () => {
    expect(draw(scan, spec(24, 16, {}))).toEqual(Int32Array.from(plane))
  })

  it('shows every value as a block when zoomed in, also on a dense display', () => {
    const out = draw(scan, spec(24, 16, { zoom: 2, center: [12, 8] }, 2))
    for (const [x, y] of [
      [0, 0],
      [3, 5],
      [47, 31],
    ]) {
      expect(out[y * 48 + x]).toBe(plane[(4 + Math.floor(y / 4)) * 24 + 6 + Math.floor(x / 4)])
    }
  })

  it('mirrors', () => {
    const out = draw(scan, spec(24, 16, { flippedX: true, flippedY: true }))
    expect(out).toEqual(Int32Array.from(plane).reverse())
  })

  it('turns clockwise, mirrored or not, and in all three quarters', () => {
    const turns = (n: 0 | 1 | 2 | 3, flippedX = false) =>
      draw(scan, { ...spec(n % 2 ? 16 : 24, n % 2 ? 24 : 16, { center: [12, 8], turns: n, flippedX }) })
    const quarter = (from: Int32Array, width: number) => {
      const height = from.length / width
      return Int32Array.from(
        from,
        (_, i) => from[(height - 1 - (i % height)) * width + Math.floor(i / height)],
      )
    }
    for (const flippedX of [false, true]) {
      const [none, one, two, three] = ([0, 1, 2, 3] as const).map((n) => turns(n, flippedX))
      expect(one).toEqual(quarter(none, 24))
      expect(two).toEqual(quarter(one, 16))
      expect(three).toEqual(quarter(two, 24))
    }
  })

  it('turns what is larger than a tile, cut off and zoomed', () => {
    const large = fullScan([noise(150, 90)], 150)
    const pose = { zoom: 1.7, center: [70, 41] as [number, number] }
    const upright = draw(large, spec(100, 70, pose))
    const turned = draw(large, spec(70, 100, { ...pose, turns: 1 }))
    for (const [x, y] of [
      [0, 0],
      [99, 0],
      [45, 66],
      [99, 69],
    ]) {
      expect(turned[x * 70 + 69 - y]).toBe(upright[y * 100 + x])
    }
  })

  it('leaves what the scan does not cover transparent', () => {
    const out = draw(scan, spec(24, 16, { center: [0, 0] }))
    expect(out[0]).toBe(-1)
    expect(out[7 * 24 + 12]).toBe(-1)
    expect(out[8 * 24 + 12]).toBe(plane[0])
  })

  it('takes the mean of each block at a half', () => {
    const out = draw(scan, spec(12, 8, { zoom: 0.5, center: [12, 8] }))
    expect(out).toEqual(Int32Array.from(scan.level(1)!.channels[0]))
  })

  it('interpolates between two pixels', () => {
    const flat = fullScan([Uint16Array.of(0, 1000, 0, 1000)], 2, { preview: false })
    const out = draw(flat, { ...spec(4, 4, { zoom: 2, center: [1, 1] }), smooth: true })
    expect([...out.slice(0, 4)]).toEqual([0, 250, 750, 1000])
  })

  it('keeps a thin wire visible at every zoom', () => {
    const [width, height] = [401, 40]
    for (const x of [200, 201, 202, 203]) {
      const wire = new Uint16Array(width * height).fill(60000)
      for (let y = 0; y < height; y++) wire[y * width + x] = 0
      const thin = fullScan([wire], width)
      for (const zoom of [0.9, 0.71, 0.61, 0.5, 0.37, 0.3]) {
        const out = draw(thin, spec(401, 40, { zoom, center: [200.5, 20] }))
        const row = out.slice(20 * 401, 21 * 401).filter((v) => v >= 0)
        expect(60000 - Math.min(...row)).toBeGreaterThan(60000 * zoom * 0.3)
      }
    }
  })

  it('draws rows that have not come yet from the preview, and nothing without one', () => {
    const full = levelRef(0, 16, 16, { stripRows: 8 })
    const small = levelRef(2, 4, 4)
    const loading = new ScanPixels(scanRef('k', [small, full]))
    const planes = [noise(16, 16)]
    addStrip(loading, full, 1, planes)
    expect(draw(loading, spec(16, 16, {})).slice(0, 16 * 8)).toEqual(new Int32Array(16 * 8).fill(-1))
    addStrip(loading, small, 0, [new Uint16Array(16).fill(500)])
    const out = draw(loading, spec(16, 16, {}))
    expect(out.slice(0, 16 * 8)).toEqual(new Int32Array(16 * 8).fill(500))
    expect(out.slice(16 * 8)).toEqual(Int32Array.from(planes[0].slice(16 * 8)))
  })

  it('shows the channel asked for', () => {
    const dual = fullScan([plane, noise(24, 16, 9)], 24)
    expect(draw(dual, spec(24, 16, {}), { channel: 1 })).toEqual(Int32Array.from(noise(24, 16, 9)))
  })

  it('looks colours up by hue and brightness', () => {
    const metal = [Math.exp(-1), Math.exp(-1.111)].map((t) =>
      new Uint16Array(256).fill(Math.round(65535 * t)),
    )
    const dual = fullScan(metal, 16)
    const tables = new ColourTables().for(
      {
        window: 65536,
        level: 32768,
        inverted: false,
        mode: 'material',
        gamma: 1,
        logarithmic: false,
        highlight: null,
      },
      true,
    )
    const out = new Uint32Array(256)
    drawFrame(out, dual, spec(16, 16, {}), { ...STYLE, colours: tables }, new SharpenCache())
    const [r, b] = [out[100] & 255, (out[100] >>> 16) & 255]
    expect(b).toBeGreaterThan(r + 60)
  })
})

describe('planFrame', () => {
  it('takes the coarsest level that still has 0.6 output pixels per pixel', () => {
    const scan = fullScan([noise(64, 64)], 64)
    const shift = (zoom: number) => planFrame(scan, spec(64, 64, { zoom, center: [32, 32] }))[0].level.shift
    expect([1, 0.61, 0.59, 0.31, 0.29].map(shift)).toEqual([0, 0, 1, 1, 2])
  })
})

describe('sharpening', () => {
  const plane = noise(24, 16)
  const scan = fullScan([plane], 24)

  it('raises contrast against the surroundings and leaves flat parts alone', () => {
    const edge = Uint16Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 20000 : 30000))
    const out = new Uint16Array(8)
    sharpenRow(edge, { width: 8, height: 8 }, 4, sharpenAmount(0.5), [0, 8], out)
    expect(out[0]).toBe(20000)
    expect(out[3]).toBeLessThan(20000)
    expect(out[4]).toBeGreaterThan(30000)
  })

  it('draws the same whether rows were kept from another view or not', () => {
    const cache = new SharpenCache()
    const style = { ...STYLE, sharpen: 0.7 }
    const views = [
      spec(10, 8, { center: [8, 6] }),
      spec(10, 8, { center: [12, 8] }),
      spec(10, 8, { center: [5, 9], zoom: 0.7 }),
      spec(24, 16, {}),
    ]
    for (const view of views) {
      const kept = new Uint32Array(view.width * view.height)
      drawFrame(kept, scan, view, style, cache)
      expect(Int32Array.from(kept, (v) => v - 1)).toEqual(draw(scan, view, { sharpen: 0.7 }))
    }
  })
})
