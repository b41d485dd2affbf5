/** The 16-bit X-ray viewer: framework-free, no dependency on the page around it. */
import './viewer.css'

export { scaleBox, shiftBox } from './editing'
export { clipBox, mirrored, wayToScan } from './geometry'
export { scanSize } from './pixels'
export { FULL_RANGE, type Modality, PRESETS } from './presets'
export type {
  Box,
  ColourMode,
  EnergyStatistics,
  Material,
  Measurement,
  Overlay,
  Probe,
  Px16LevelRef,
  RoiStatistics,
  ScanRef,
  Stage,
  Tool,
  Turns,
  ViewerEvents,
  ViewerOptions,
  ViewState,
} from './types'
export { ScanViewer } from './viewer'
