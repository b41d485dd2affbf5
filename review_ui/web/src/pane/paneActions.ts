/** Actions that only concern the view: the same for keys and buttons, in the workstation and the case view. */

import type { ActionId } from '../keys/keymap'
import { mirrored } from '../viewer'
import { MODES, type Pane, ZOOM_STEP } from './pane'

const SHARPEN_STEP = 0.1
const THRESHOLD_STEP = 0.05

const ACTIONS: Partial<Record<ActionId, (pane: Pane) => void>> = {
  pan: (pane) => pane.setTool('pan'),
  window: (pane) => pane.toggleTool('window'),
  magnifier: (pane) => pane.toggleTool('magnifier'),
  ruler: (pane) => pane.toggleTool('ruler'),
  zoomBox: (pane) => pane.toggleTool('zoom'),
  roi: (pane) => pane.toggleTool('roi'),
  box: (pane) => pane.toggleTool('box'),
  reset: (pane) => pane.viewer?.reset(),
  fit: (pane) => pane.viewer?.fit(),
  fitWidth: (pane) => pane.viewer?.fitWidth(),
  actualSize: (pane) => pane.viewer?.actualSize(),
  zoomIn: (pane) => pane.zoomBy(ZOOM_STEP),
  zoomOut: (pane) => pane.zoomBy(1 / ZOOM_STEP),
  panLeft: (pane) => pane.panBy(-1, 0),
  panRight: (pane) => pane.panBy(1, 0),
  panUp: (pane) => pane.panBy(0, -1),
  panDown: (pane) => pane.panBy(0, 1),
  invert: (pane) => pane.change(({ inverted }) => ({ inverted: !inverted })),
  flipX: (pane) => pane.change((view) => mirrored(view, 'x')),
  flipY: (pane) => pane.change((view) => mirrored(view, 'y')),
  turnRight: (pane) => pane.turn(1),
  turnLeft: (pane) => pane.turn(-1),
  gammaLess: (pane) => pane.changeGamma(-1),
  gammaMore: (pane) => pane.changeGamma(1),
  logarithmic: (pane) => pane.change(({ logarithmic }) => ({ logarithmic: !logarithmic })),
  density: (pane) => pane.toggleDensity(),
  channel: (pane) => pane.toggleChannel(),
  sharpenLess: (pane) => pane.sharpenBy(-SHARPEN_STEP),
  sharpenMore: (pane) => pane.sharpenBy(SHARPEN_STEP),
  toggleFindings: (pane) => pane.toggleFindings(),
  raiseThreshold: (pane) => pane.setThreshold(pane.store.getState().threshold + THRESHOLD_STEP),
  lowerThreshold: (pane) => pane.setThreshold(pane.store.getState().threshold - THRESHOLD_STEP),
}

/** Runs a view action. Returns false for actions that mean something else. */
export function runPaneAction(pane: Pane, action: ActionId): boolean {
  const preset = /^preset(\d)$/.exec(action)
  const mode = /^mode(\d)$/.exec(action)
  const run = ACTIONS[action]
  if (preset) pane.preset(Number(preset[1]))
  else if (mode) pane.setMode(MODES[Number(mode[1]) - 1])
  else if (run) run(pane)
  else return false
  return true
}
