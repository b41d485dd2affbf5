/** A page with nothing but the viewer, for looking at it and for measuring; not part of the build. */
import {
  type Box,
  type ColourMode,
  type Overlay,
  PRESETS,
  type ScanRef,
  ScanViewer,
  type Tool,
  type ViewerOptions,
} from './src/viewer'

interface DemoScan {
  scan: ScanRef
  boxes: { kind: string; box: Box }[]
}

const MODES: ColourMode[] = [
  'grey',
  'material',
  'pseudo',
  'organic',
  'inorganic',
  'high_penetration',
  'low_penetration',
  'clahe',
]
const TOOLS: Tool[] = ['pan', 'window', 'box', 'ruler', 'roi', 'magnifier']

const query = new URLSearchParams(location.search)
const renderer = (query.get('renderer') ?? 'auto') as ViewerOptions['renderer']
const scans = (await (await fetch('/demo/scans.json')).json()) as DemoScan[]
const viewer = new ScanViewer(document.querySelector<HTMLElement>('#host')!, { renderer })
const log = document.querySelector('#log')!
const events: { at: number; event: string; payload: unknown }[] = []
for (const event of [
  'progress',
  'painted',
  'boxdrawn',
  'overlayclick',
  'measured',
  'error',
  'probe',
] as const) {
  viewer.on(event, (payload: unknown) => {
    events.push({ at: performance.now(), event, payload })
    log.textContent = `${viewer.rendererName}\n${event} ${JSON.stringify(payload)}`
  })
}
viewer.overview(document.querySelector<HTMLCanvasElement>('#map')!)

function overlaysOf({ boxes }: DemoScan): Overlay[] {
  return boxes.map(({ kind, box }, i) => ({
    id: String(i),
    box,
    label: `${String.fromCharCode(65 + i)} ${kind} ${93 - 7 * i}%`,
    tone: (['danger', 'warning', 'info', 'drawn'] as const)[i % 4],
    selected: i === 0,
  }))
}

function open(i: number): void {
  viewer.show(scans[i].scan)
  viewer.setOverlays(overlaysOf(scans[i]))
}

const nav = document.querySelector('#nav')!
function button(label: string, press: () => void): void {
  const node = document.createElement('button')
  node.textContent = label
  node.onclick = press
  nav.append(node)
}
scans.forEach(({ scan }, i) => {
  button(scan.key, () => open(i))
})
for (const mode of MODES) button(mode, () => viewer.setView({ mode }))
for (const tool of TOOLS) button(tool, () => viewer.setTool(tool))
for (const { zh, window, level } of PRESETS.cargo) button(zh, () => viewer.setView({ window, level }))
button('invert', () => viewer.setView({ inverted: !viewer.getView().inverted }))
button('sharpen', () => viewer.setView({ sharpen: viewer.getView().sharpen ? 0 : 0.5 }))
button('flip', () => viewer.setView({ flippedX: !viewer.getView().flippedX }))
button('1:1', () => viewer.actualSize())
button('reset', () => viewer.reset())

Object.assign(window, { viewer, scans, events, open })
open(0)
