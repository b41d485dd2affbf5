/** Which window shows an element, and how many pixels it has there: the page may move an image to another window. */

type BrowserWindow = Window & typeof globalThis

/** The window that shows a node; this script's own while none does. */
export function windowOf(node: Node): BrowserWindow {
  return (node.ownerDocument?.defaultView as BrowserWindow | null | undefined) ?? window
}

/** Pixels of the device for one of CSS, where the node is. */
export function pixelRatio(node: Node): number {
  return windowOf(node).devicePixelRatio || 1
}

/** Tells when an element has another size, or its window came to a screen with other pixels. */
export class SizeWatch {
  private observer: ResizeObserver | null = null
  private screen: MediaQueryList | null = null

  constructor(
    private readonly element: Element,
    private readonly changed: () => void,
  ) {
    this.begin()
  }

  /** Begins again where the element is now: an observer sees only what its own window draws. */
  begin(): void {
    this.stop()
    this.observer = new (windowOf(this.element).ResizeObserver)(this.changed)
    this.observer.observe(this.element)
    this.watchScreen()
  }

  stop(): void {
    this.observer?.disconnect()
    this.screen?.removeEventListener('change', this.screenChanged)
  }

  private watchScreen(): void {
    this.screen = windowOf(this.element).matchMedia(`(resolution: ${pixelRatio(this.element)}dppx)`)
    this.screen.addEventListener('change', this.screenChanged, { once: true })
  }

  private readonly screenChanged = (): void => {
    this.watchScreen()
    this.changed()
  }
}
