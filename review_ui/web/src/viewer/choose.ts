/**
 * Picks the renderer for this machine. WebGL in software takes 40 times as long as the CPU renderer, so it
 * is refused by name, by the browser's own caveat, and by a short measurement.
 */
import { ColourTables } from './colour'
import { ScanPixels } from './pixels'
import { CpuRenderer, type Renderer } from './renderer'
import type { ViewerOptions } from './types'
import { DEFAULT_VIEW } from './view'
import { WebGlRenderer, WebGlUnavailableError } from './webgl'

const SIDE = 512
/** A frame of 512 × 512 takes the CPU renderer about 1 ms. */
const SLOW_MS = 6
const N_FRAMES = 3

/** @param onLost Called when a WebGL context is lost; the caller then takes the CPU renderer. */
export function createRenderer(wish: NonNullable<ViewerOptions['renderer']>, onLost: () => void): Renderer {
  if (wish === 'cpu') return new CpuRenderer()
  let renderer: WebGlRenderer | null = null
  try {
    renderer = new WebGlRenderer({ requireFast: wish === 'auto', onLost })
    if (wish === 'webgl2' || frameMs(renderer) < SLOW_MS) return renderer
  } catch (error) {
    if (!(error instanceof WebGlUnavailableError)) throw error
  }
  renderer?.destroy()
  return new CpuRenderer()
}

/** Time of one small frame, read back so that it is really drawn; the first, which compiles, not counted. */
function frameMs(renderer: WebGlRenderer): number {
  const scan = testScan()
  const pose = {
    zoom: 1,
    center: [SIDE / 2, SIDE / 2] as [number, number],
    flippedX: false,
    flippedY: false,
    turns: 0 as const,
  }
  const size = { width: SIDE, height: SIDE }
  const spec = { pose, view: size, ...size, smooth: true }
  const colours = new ColourTables().for(DEFAULT_VIEW, false)
  const style = { colours, channel: 0 as const, equalised: false, sharpen: 0 }
  const draw = (): number => {
    const begun = performance.now()
    renderer.draw(scan, spec, style)
    renderer.finish()
    return performance.now() - begun
  }
  draw()
  const times = Array.from({ length: N_FRAMES }, draw)
  renderer.forget(scan.ref.key)
  return Math.min(...times)
}

function testScan(): ScanPixels {
  const ref = {
    level: 0 as const,
    width_px: SIDE,
    height_px: SIDE,
    n_channels: 1,
    strip_rows: SIDE,
    n_strips: 1,
    url: '',
  }
  const scan = new ScanPixels({
    key: '',
    modality: 'cargo',
    bit_depth: 16,
    pixel_pitch_mm: null,
    levels: [ref],
  })
  scan.addStrip(ref, 0, { channels: [new Uint16Array(SIDE * SIDE)], half: null, hue: null })
  return scan
}
