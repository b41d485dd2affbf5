/** Window/level presets under the keys 1–9. Raw 16-bit units: 0 is opaque, 65535 is air. */
export interface Preset {
  id: string
  zh: string
  en: string
  window: number
  level: number
}

export const PRESETS: Preset[] = [
  { id: 'full', zh: '全范围', en: 'Full range', window: 65536, level: 32768 },
  { id: 'cargo', zh: '一般货物', en: 'General cargo', window: 45000, level: 26000 },
  { id: 'light', zh: '轻货', en: 'Light cargo', window: 26000, level: 52500 },
  { id: 'textile', zh: '纺织纸品', en: 'Textile, paper', window: 32000, level: 42000 },
  { id: 'food', zh: '食品粮食', en: 'Food, grain', window: 28000, level: 26000 },
  { id: 'machinery', zh: '机械金属', en: 'Machinery', window: 20000, level: 12000 },
  { id: 'dense', zh: '高密度', en: 'Dense cargo', window: 8000, level: 5000 },
  { id: 'deep', zh: '深穿透', en: 'Deep penetration', window: 2600, level: 1500 },
  { id: 'walls', zh: '箱壁夹层', en: 'Walls, empty box', window: 12000, level: 58500 },
]
