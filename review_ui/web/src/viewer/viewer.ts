import type { Box, Overlay, ScanRef, Tool, ViewerEvents, ViewerOptions, ViewState } from './types'

export class ScanViewer {
  readonly rendererName: 'cpu' | 'webgl2' = 'cpu'
  constructor(_host: HTMLElement, _options: ViewerOptions = {}) {}
  on<K extends keyof ViewerEvents>(_event: K, _listener: ViewerEvents[K]): () => void {
    return () => {}
  }
  show(_scan: ScanRef): void {}
  prefetch(_scan: ScanRef): void {}
  release(_key: string): void {}
  clear(): void {}
  setView(_patch: Partial<ViewState>): void {}
  getView(): ViewState {
    throw new Error('not drawn yet')
  }
  fit(): void {}
  fitWidth(): void {}
  actualSize(): void {}
  reset(): void {}
  preset(_n: number): void {}
  setTool(_tool: Tool): void {}
  setOverlays(_overlays: Overlay[]): void {}
  focusBox(_box: Box): void {}
  histogram(): { bins: Uint32Array } | null {
    return null
  }
  overview(_canvas: HTMLCanvasElement): void {}
  destroy(): void {}
}
