/** Window/level presets under the keys 1–9, by what was scanned. Raw 16-bit units: 0 is opaque, 65535 is air. */
export type Modality = 'cargo' | 'passenger_vehicle' | 'under_vehicle'

export interface Preset {
  id: string
  zh: string
  en: string
  window: number
  level: number
}

export const FULL_RANGE: Preset = { id: 'full', zh: '全范围', en: 'Full range', window: 65536, level: 32768 }

const CARGO: readonly Preset[] = [
  FULL_RANGE,
  { id: 'cargo', zh: '一般货物', en: 'General cargo', window: 45000, level: 26000 },
  { id: 'light', zh: '轻货', en: 'Light cargo', window: 26000, level: 52500 },
  { id: 'textile', zh: '纺织纸品', en: 'Textile, paper', window: 32000, level: 42000 },
  { id: 'food', zh: '食品粮食', en: 'Food, grain', window: 28000, level: 26000 },
  { id: 'machinery', zh: '机械金属', en: 'Machinery', window: 20000, level: 12000 },
  { id: 'dense', zh: '高密度', en: 'Dense cargo', window: 8000, level: 5000 },
  { id: 'deep', zh: '深穿透', en: 'Deep penetration', window: 2600, level: 1500 },
  { id: 'walls', zh: '箱壁夹层', en: 'Walls, empty box', window: 12000, level: 58500 },
]

/** A car is thin metal around air: most of it lies between 40,000 and air. */
const PASSENGER_VEHICLE: readonly Preset[] = [
  FULL_RANGE,
  { id: 'car_body', zh: '整车', en: 'Whole car', window: 36000, level: 47000 },
  { id: 'car_cabin', zh: '座舱座椅', en: 'Cabin, seats', window: 18000, level: 55000 },
  { id: 'car_doors', zh: '车门夹层', en: 'Doors, panels', window: 10000, level: 59500 },
  { id: 'car_boot', zh: '行李箱', en: 'Boot, luggage', window: 26000, level: 46000 },
  { id: 'car_tyres', zh: '轮胎备胎', en: 'Tyres, spare wheel', window: 24000, level: 34000 },
  { id: 'car_tank', zh: '油箱', en: 'Fuel tank', window: 20000, level: 26000 },
  { id: 'car_engine', zh: '发动机', en: 'Engine', window: 14000, level: 8000 },
  { id: 'deep', zh: '深穿透', en: 'Deep penetration', window: 2600, level: 1500 },
]

const UNDER_VEHICLE: readonly Preset[] = [
  FULL_RANGE,
  { id: 'under_floor', zh: '底板', en: 'Floor pan', window: 14000, level: 57500 },
  { id: 'under_rails', zh: '纵梁门槛', en: 'Rails, sills', window: 26000, level: 48000 },
  { id: 'under_exhaust', zh: '排气管消声器', en: 'Exhaust, silencer', window: 18000, level: 52000 },
  { id: 'under_tank', zh: '油箱', en: 'Fuel tank', window: 24000, level: 40000 },
  { id: 'under_wheels', zh: '车轮', en: 'Wheels', window: 30000, level: 36000 },
  { id: 'under_drive', zh: '动力总成', en: 'Engine, gearbox', window: 18000, level: 12000 },
  { id: 'dense', zh: '高密度', en: 'Dense parts', window: 8000, level: 5000 },
  { id: 'deep', zh: '深穿透', en: 'Deep penetration', window: 2600, level: 1500 },
]

export const PRESETS: Readonly<Record<Modality, readonly Preset[]>> = {
  cargo: CARGO,
  passenger_vehicle: PASSENGER_VEHICLE,
  under_vehicle: UNDER_VEHICLE,
}
