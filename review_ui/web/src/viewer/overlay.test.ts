// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { OverlayLayer } from './overlay'
import type { Overlay } from './types'

const VIEW = { width: 800, height: 400 }
const POSE = {
  zoom: 0.5,
  center: [800, 400] as [number, number],
  flippedX: false,
  flippedY: false,
  turns: 0 as const,
}
let layer: OverlayLayer

const overlay = (id: string, box: Overlay['box'], more: Partial<Overlay> = {}): Overlay => ({
  id,
  box,
  label: id,
  tone: 'danger',
  ...more,
})

function show(overlays: Overlay[], pose = POSE): void {
  layer.setOverlays(overlays)
  layer.update(pose, VIEW, 4)
}

const labels = () =>
  [...layer.svg.querySelectorAll<SVGGElement>('.sxv-labels > g')]
    .filter((g) => g.style.display !== 'none')
    .map((g) => g.textContent)

beforeEach(() => {
  layer = new OverlayLayer()
  document.body.replaceChildren(layer.svg)
})

describe('OverlayLayer', () => {
  it('finds the smallest box under a point', () => {
    show([overlay('large', [0, 0, 1600, 800]), overlay('small', [700, 300, 800, 400])])
    expect(layer.hit([370, 170])).toBe('small')
    expect(layer.hit([600, 350])).toBe('large')
  })

  it('finds a box by its label, and nothing where there is none', () => {
    show([overlay('a', [700, 300, 800, 400])])
    expect(layer.hit([355, 140])).toBe('a')
    expect(layer.hit([10, 390])).toBeNull()
  })

  it('keeps a tiny box large enough to see and hit', () => {
    show([overlay('dot', [800, 400, 802, 402], { label: '' })], { ...POSE, zoom: 0.1 })
    expect(layer.hit([404, 200])).toBe('dot')
  })

  it('labels boxes in sight, not those out of sight or dimmed', () => {
    show([
      overlay('seen', [700, 300, 800, 400]),
      overlay('far', [5000, 300, 5100, 400]),
      overlay('faint', [200, 300, 300, 400], { dimmed: true }),
    ])
    expect(labels()).toEqual(['seen'])
  })

  it('drops what is no longer there', () => {
    show([overlay('a', [700, 300, 800, 400])])
    show([])
    expect(labels()).toEqual([])
    expect(layer.hit([370, 170])).toBeNull()
    expect(layer.canvas.style.display).toBe('none')
  })

  it('shows a scale bar of a round length where the pixel pitch is known', () => {
    show([])
    expect(layer.svg.querySelector('.sxv-scale-text')?.textContent).toBe('1 m')
    layer.update(POSE, VIEW, null)
    expect(layer.svg.querySelector<SVGGElement>('.sxv-scale')?.style.display).toBe('none')
  })
})
