/** What lies over the picture: boxes (a canvas), their labels, the shape being drawn, the scale bar (SVG). */
import { type BoxLook, type PlacedBox, paintBoxes, touchedArea } from './boxes'
import { type Grip, gripAt } from './editing'
import {
  boxToScreen,
  formatLength,
  type Point,
  type Pose,
  type Size,
  scaleBar,
  scanToScreen,
} from './geometry'
import type { ShapeKind } from './gestures'
import { type PlacedLabel, placeLabels } from './labels'
import { pixelRatio } from './screen'
import type { Box, Overlay } from './types'

const SVG = 'http://www.w3.org/2000/svg'
const LABEL_HEIGHT = 20
const LABEL_PADDING = 7
const LEAST_SIDE = 10
const MAX_LABELS = 60

/** A shape in scan pixels that the person draws or has measured. */
export interface Draft {
  kind: ShapeKind
  from: Point
  to: Point
  text: string
}

interface Shape {
  overlay: Overlay
  look: BoxLook
  screen: Box
  isVisible: boolean
}

interface Label {
  group: SVGGElement
  back: SVGRectElement
  text: SVGTextElement
  width: number
}

/** A label on the screen, for hits. */
interface Spot {
  id: string
  box: Box
}

function element<K extends keyof SVGElementTagNameMap>(
  name: K,
  className: string,
  parent: SVGElement,
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(SVG, name)
  node.setAttribute('class', className)
  parent.append(node)
  return node
}

function setAll(node: SVGElement, attributes: Record<string, number | string>): void {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
}

/** Screen rectangle of a box, large enough to be seen and hit at any zoom. */
function screenBox(pose: Pose, view: Size, box: Box): Box {
  const [x0, y0, x1, y1] = boxToScreen(pose, view, box)
  const growX = Math.max(0, (LEAST_SIDE - (x1 - x0)) / 2)
  const growY = Math.max(0, (LEAST_SIDE - (y1 - y0)) / 2)
  return [x0 - growX, y0 - growY, x1 + growX, y1 + growY]
}

export class OverlayLayer {
  readonly canvas = document.createElement('canvas')
  readonly svg = document.createElementNS(SVG, 'svg')
  private readonly context = this.canvas.getContext('2d')
  private image: ImageData | null = null
  /** What is drawn on the canvas. */
  private drawn: Box | null = null
  private tones: Record<Overlay['tone'], number> | null = null
  private readonly labels = element('g', 'sxv-labels', this.svg)
  private readonly draftGroup = element('g', 'sxv-draft', this.svg)
  private readonly draftLine = element('path', 'sxv-draft-line', this.draftGroup)
  private readonly draftLabel = this.newLabel(this.draftGroup)
  private readonly bar = element('g', 'sxv-scale', this.svg)
  private readonly barLine = element('path', 'sxv-scale-line', this.bar)
  private readonly barText = element('text', 'sxv-scale-text', this.bar)
  private readonly labelPool: Label[] = []
  private readonly ruler = document.createElement('canvas').getContext('2d')
  private readonly textWidths = new Map<string, number>()
  /** Most important first. */
  private shapes: Shape[] = []
  private spots: Spot[] = []
  private draft: Draft | null = null

  constructor() {
    this.canvas.className = 'sxv-boxes'
    this.svg.setAttribute('class', 'sxv-overlay')
    this.svg.setAttribute('aria-hidden', 'true')
  }

  setOverlays(overlays: readonly Overlay[]): void {
    const colours = this.colours()
    this.shapes = [...overlays]
      .sort((a, b) => rankOf(a) - rankOf(b))
      .map((overlay) => ({
        overlay,
        look: {
          colour: colours[overlay.tone],
          isDashed: overlay.tone !== 'drawn',
          isSelected: overlay.selected ?? false,
          isDimmed: overlay.dimmed ?? false,
        },
        screen: [0, 0, 0, 0],
        isVisible: false,
      }))
  }

  /** The style sheet's colour of every tone, 0xBBGGRR; read once, because to read it styles the whole page. */
  private colours(): Record<Overlay['tone'], number> {
    if (this.tones) return this.tones
    const style = getComputedStyle(this.canvas)
    const colourOf = (tone: Overlay['tone']): number => {
      const css = style.getPropertyValue(`--sxv-${tone}`).trim()
      if (!this.context || !css) return 0
      this.context.fillStyle = css
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(String(this.context?.fillStyle).slice(at, at + 2), 16))
      return (b << 16) | (g << 8) | r
    }
    const [danger, warning, info, drawn] = (['danger', 'warning', 'info', 'drawn'] as const).map(colourOf)
    const tones = { danger, warning, info, drawn }
    if (this.canvas.isConnected) this.tones = tones
    return tones
  }

  private newLabel(parent: SVGElement): Label {
    const group = element('g', 'sxv-label', parent)
    const back = element('rect', 'sxv-label-back', group)
    const text = element('text', 'sxv-label-text', group)
    setAll(back, { rx: 3, height: LABEL_HEIGHT })
    setAll(text, { x: LABEL_PADDING, y: LABEL_HEIGHT / 2 + 0.5 })
    return { group, back, text, width: 0 }
  }

  private setText(label: Label, text: string): void {
    if (label.text.textContent === text && label.width > 0) return
    label.text.textContent = text
    label.width = this.labelWidth(text)
    label.back.setAttribute('width', String(label.width))
  }

  private labelWidth(text: string): number {
    const known = this.textWidths.get(text)
    if (known !== undefined) return known
    const width = this.measureText(text) + 2 * LABEL_PADDING
    if (this.svg.isConnected) this.textWidths.set(text, width)
    return width
  }

  private measureText(text: string): number {
    if (!this.ruler) return text.length * 12
    const style = getComputedStyle(this.draftLabel.text)
    this.ruler.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    return Math.ceil(this.ruler.measureText(text).width) + 1
  }

  setDraft(draft: Draft | null): void {
    this.draft = draft
  }

  /** What a pointer holds of the selected overlay, if that may be edited. */
  gripAt(at: Point): { id: string; box: Box; grip: Grip } | null {
    const shape = this.shapes.find(({ overlay }) => overlay.editable && overlay.selected)
    const grip = shape?.isVisible ? gripAt(shape.screen, at) : null
    return shape && grip ? { id: shape.overlay.id, box: shape.overlay.box, grip } : null
  }

  /** Show an overlay elsewhere until the next `setOverlays`. */
  moveBox(id: string, box: Box): void {
    const shape = this.shapes.find(({ overlay }) => overlay.id === id)
    if (shape) shape.overlay = { ...shape.overlay, box }
  }

  get hasDraft(): boolean {
    return this.draft !== null
  }

  setShown(isShown: boolean): void {
    this.svg.style.display = isShown ? '' : 'none'
    if (!isShown) this.canvas.style.display = 'none'
  }

  /** Put everything where the pose has it. */
  update(pose: Pose, view: Size, pitchMm: number | null): void {
    setAll(this.svg, { width: view.width, height: view.height })
    this.placeBoxes(pose, view)
    this.placeLabels(view)
    this.placeDraft(pose, view)
    this.placeScale(pose, view, pitchMm)
  }

  private placeBoxes(pose: Pose, view: Size): void {
    for (const shape of this.shapes) {
      const box = screenBox(pose, view, shape.overlay.box)
      shape.screen = box
      shape.isVisible = box[0] < view.width && box[2] > 0 && box[1] < view.height && box[3] > 0
    }
    this.paintBoxes(view)
  }

  private paintBoxes(view: Size): void {
    const ratio = pixelRatio(this.canvas)
    const size = { width: Math.round(view.width * ratio), height: Math.round(view.height * ratio) }
    const boxes = this.shapes.filter(({ isVisible }) => isVisible).map((shape) => placed(shape, ratio))
    const touched = touchedArea(boxes, size, ratio)
    this.canvas.style.display = touched ? '' : 'none'
    if (!this.context || (!touched && !this.drawn)) return
    const image = this.imageOf(size)
    // Only what changes is written.
    const dirty = touched && this.drawn ? union(touched, this.drawn) : (touched ?? this.drawn)
    if (!dirty) return
    const [x0, y0, x1, y1] = dirty
    const words = new Uint32Array(image.data.buffer)
    words.fill(0, y0 * size.width, y1 * size.width)
    paintBoxes(words, size, boxes.reverse(), ratio)
    this.context.putImageData(image, 0, 0, x0, y0, x1 - x0, y1 - y0)
    this.drawn = touched
  }

  /** The canvas's pixels, new and empty where its size has changed. */
  private imageOf(size: Size): ImageData {
    if (this.image?.width === size.width && this.image.height === size.height) return this.image
    Object.assign(this.canvas, size)
    this.drawn = null
    this.image = new ImageData(size.width, size.height)
    return this.image
  }

  private placeLabels(view: Size): void {
    const wanted = this.shapes
      .filter(({ overlay, isVisible }) => isVisible && overlay.label && (!overlay.dimmed || overlay.selected))
      .slice(0, MAX_LABELS)
    const placed = placeLabels(
      wanted.map(({ overlay, screen }) => ({
        id: overlay.id,
        box: screen,
        width: this.labelWidth(overlay.label),
        height: LABEL_HEIGHT,
      })),
      view,
    )
    const byId = new Map(wanted.map((shape) => [shape.overlay.id, shape]))
    while (this.labelPool.length < placed.length) this.labelPool.push(this.newLabel(this.labels))
    this.labelPool.forEach((label, i) => {
      label.group.style.display = i < placed.length ? '' : 'none'
      if (i < placed.length) this.drawLabel(label, byId.get(placed[i].id)!, placed[i])
    })
    this.spots = placed.map(({ id, x, y }) => ({
      id,
      box: [x, y, x + this.labelWidth(byId.get(id)!.overlay.label), y + LABEL_HEIGHT],
    }))
  }

  private drawLabel(label: Label, shape: Shape, { x, y }: PlacedLabel): void {
    label.group.setAttribute('class', `sxv-label ${classOf(shape.overlay)}`)
    label.group.setAttribute('transform', `translate(${Math.round(x)} ${Math.round(y)})`)
    label.group.dataset.id = shape.overlay.id
    this.setText(label, shape.overlay.label)
  }

  private placeDraft(pose: Pose, view: Size): void {
    this.draftGroup.style.display = this.draft ? '' : 'none'
    if (!this.draft) return
    const { kind, from, to, text } = this.draft
    const [ax, ay] = scanToScreen(pose, view, from)
    const [bx, by] = scanToScreen(pose, view, to)
    this.draftGroup.setAttribute('class', `sxv-draft sxv-draft-${kind}`)
    const line = kind === 'ruler' ? rulerPath([ax, ay], [bx, by]) : `M${ax} ${ay}H${bx}V${by}H${ax}Z`
    this.draftLine.setAttribute('d', line)
    this.draftLabel.group.style.display = text ? '' : 'none'
    this.setText(this.draftLabel, text)
    const left = kind === 'ruler' ? bx + 10 : Math.min(ax, bx)
    const top = kind === 'ruler' ? by - LABEL_HEIGHT / 2 : Math.min(ay, by) - LABEL_HEIGHT - 3
    const x = Math.max(2, Math.min(left, view.width - this.draftLabel.width - 2))
    const y = Math.max(2, Math.min(top, view.height - LABEL_HEIGHT - 2))
    this.draftLabel.group.setAttribute('transform', `translate(${Math.round(x)} ${Math.round(y)})`)
  }

  private placeScale(pose: Pose, view: Size, pitchMm: number | null): void {
    const isShown = pitchMm !== null && pitchMm > 0 && view.width > 240
    this.bar.style.display = isShown ? '' : 'none'
    if (!isShown) return
    const { mm, px } = scaleBar(pitchMm / pose.zoom, 140)
    // In the middle: the page keeps its read-outs in the corners.
    const right = Math.round((view.width + px) / 2) + 0.5
    const bottom = Math.round(view.height - 18) + 0.5
    this.barLine.setAttribute('d', `M${right - px} ${bottom - 5}V${bottom}H${right}V${bottom - 5}`)
    setAll(this.barText, { x: right - px / 2, y: bottom - 8 })
    this.barText.textContent = formatLength(mm)
  }

  /** The overlay under a screen point: a label first, then the smallest box. */
  hit([x, y]: Point): string | null {
    const inside = (box: Box, grace: number): boolean =>
      x >= box[0] - grace && x <= box[2] + grace && y >= box[1] - grace && y <= box[3] + grace
    const label = this.spots.find((s) => inside(s.box, 0))
    if (label) return label.id
    const area = ({ screen }: Shape): number => (screen[2] - screen[0]) * (screen[3] - screen[1])
    const under = this.shapes.filter((s) => s.isVisible && inside(s.screen, 4))
    return under.sort((a, b) => area(a) - area(b))[0]?.overlay.id ?? null
  }
}

function placed({ screen, look }: Shape, ratio: number): PlacedBox {
  return { ...look, box: screen.map((v) => v * ratio) as Box }
}

function union(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]
}

function classOf({ tone, selected }: Overlay): string {
  return `sxv-${tone}${selected ? ' is-selected' : ''}`
}

/** Selected first, then by tone; dimmed last. */
function rankOf({ selected, dimmed, tone }: Overlay): number {
  if (selected) return 0
  return ['danger', 'warning', 'drawn', 'info'].indexOf(tone) + (dimmed ? 11 : 1)
}

function rulerPath([ax, ay]: Point, [bx, by]: Point): string {
  const length = Math.hypot(bx - ax, by - ay) || 1
  const nx = (-(by - ay) / length) * 6
  const ny = ((bx - ax) / length) * 6
  return (
    `M${ax} ${ay}L${bx} ${by}` +
    `M${ax - nx} ${ay - ny}L${ax + nx} ${ay + ny}M${bx - nx} ${by - ny}L${bx + nx} ${by + ny}`
  )
}
