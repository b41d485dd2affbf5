/** Picks the renderer for this machine. */
import { CpuRenderer, type Renderer } from './renderer'

export function createRenderer(_wish: 'auto' | 'cpu' | 'webgl2'): Renderer {
  return new CpuRenderer()
}
