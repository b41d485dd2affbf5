/**
 * Two panes that are looked at together: whichever the person moves, the other goes with it.
 *
 * How the image looks (mode, window, flips) is always the same in both. Place and zoom are, too, while they are
 * linked; what is aligned by hand while they are not stays aligned when they are linked again.
 */

import { listenInAll } from '../shell/windows'
import type { ScanRef, ViewState } from '../viewer'
import { scanSize } from '../viewer'
import type { Pane } from './pane'

type Place = Pick<ViewState, 'zoom' | 'center'>

/** Point `a` of the first scan lies where `b` of the second does; `scale` is the second's zoom in the first's. */
export interface Relation {
  scale: number
  a: [number, number]
  b: [number, number]
}

/** Middle on middle, a millimetre as long in both; without a pixel pitch both scans are as wide. */
export function relationOf(first: ScanRef, second: ScanRef): Relation {
  const [one, other] = [scanSize(first), scanSize(second)]
  const pitches = [first.pixel_pitch_mm, second.pixel_pitch_mm]
  const scale =
    pitches[0] && pitches[1] ? pitches[1] / pitches[0] : other.width > 0 ? one.width / other.width : 1
  return { scale, a: [one.width / 2, one.height / 2], b: [other.width / 2, other.height / 2] }
}

/** What two places have in common as they are. */
export function relate(first: Place, second: Place): Relation {
  return { scale: second.zoom / first.zoom, a: [...first.center], b: [...second.center] }
}

export function secondOf({ scale, a, b }: Relation, { zoom, center }: Place): Place {
  return {
    zoom: zoom * scale,
    center: [b[0] + (center[0] - a[0]) / scale, b[1] + (center[1] - a[1]) / scale],
  }
}

export function firstOf({ scale, a, b }: Relation, place: Place): Place {
  return secondOf({ scale: 1 / scale, a: b, b: a }, place)
}

export class PaneLink {
  readonly #first: Pane
  readonly #second: Pane
  #leader: Pane
  #relation: Relation | null = null
  #isLinked = true

  constructor(first: Pane, second: Pane) {
    this.#first = first
    this.#second = second
    this.#leader = first
  }

  /** Begins to follow. Returns the way to end it. */
  start(): () => void {
    const ends = [this.#first, this.#second].map((pane) =>
      pane.store.subscribe((state, before) => {
        // A pane that shows its first picture had nothing yet that could follow.
        if (state.view !== before.view && (pane === this.#leader || !before.view)) this.#follow()
      }),
    )
    const lead = ({ type, target }: Event) => {
      const isSecond = type !== 'keydown' && this.#second.contains(target)
      this.#leader = isSecond ? this.#second : this.#first
    }
    const types = ['pointerdown', 'wheel', 'keydown'] as const
    const unlisten = listenInAll((place, signal) => {
      for (const type of types) place.addEventListener(type, lead, { capture: true, passive: true, signal })
    })
    return () => {
      for (const end of ends) end()
      unlisten()
    }
  }

  /** The second pane shows another scan: it takes the place that belongs to that of the first. */
  align(): void {
    const [one, other] = [this.#first.store.getState().scan, this.#second.store.getState().scan]
    this.#relation = one && other ? relationOf(one, other) : null
    this.#leader = this.#first
    this.#follow()
  }

  setLinked(isLinked: boolean): void {
    const [one, other] = [this.#first.store.getState().view, this.#second.store.getState().view]
    if (isLinked && !this.#isLinked && one && other) this.#relation = relate(one, other)
    this.#isLinked = isLinked
  }

  #follow(): void {
    const leads = this.#leader === this.#first
    const follower = leads ? this.#second : this.#first
    const view = this.#leader.store.getState().view
    if (!view || !follower.store.getState().scan) return
    const { zoom: _zoom, center: _center, ...look } = view
    follower.takeLook(look)
    if (!this.#isLinked || !this.#relation) return
    const place = (leads ? secondOf : firstOf)(this.#relation, view)
    follower.change(() => place)
  }
}
