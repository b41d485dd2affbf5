/** The JSON of the review API, under the names of `review_ui/schemas.py`. */

import type { Box } from '../viewer/types'

export type { Box }
export type Verdict = 'release' | 'inspect' | 'escalate' | 'rescan'
export type Role = 'reviewer' | 'supervisor' | 'auditor' | 'admin'
export type Modality = 'cargo' | 'passenger_vehicle' | 'under_vehicle'
export type Direction = 'import' | 'export' | 'transit'

export interface LoginIn {
  login: string
  password: string
}

export interface AccountOut {
  account_id: number
  login: string
  display_name: string
  role: Role
  port: string | null
}

export interface FindingOut {
  finding_id: number
  kind: string
  score: number
  threshold: number
  box: Box | null
}

export interface ScreeningOut {
  model_name: string
  model_version: string
  outcome: 'clear' | 'flag'
  risk: number
  findings: FindingOut[]
}

export interface Px16Level {
  level: 0 | 2
  width_px: number
  height_px: number
  n_channels: number
  strip_rows: number
  n_strips: number
  url: string
}

/** As the station sent it (`inference.schemas.Declaration`); nothing in it is certain to be there. */
export interface DeclarationLine {
  line_no?: number
  hs_code?: string
  description?: string
  quantity?: number | null
  unit?: string | null
  gross_weight_kg?: number | null
}

export interface Declaration {
  declaration_no?: string | null
  declared_empty?: boolean
  gross_weight_kg?: number | null
  consignor?: string | null
  consignee?: string | null
  lines?: DeclarationLine[]
}

export interface ScanView {
  scan_id: string
  port: string
  port_name_zh: string
  port_name_en: string
  station_id: string
  modality: Modality
  direction: Direction | null
  container_no: string | null
  container_no_valid: boolean | null
  scanned_at: string
  received_at: string
  pixel_pitch_mm: number | null
  bit_depth: number
  levels: Px16Level[]
  declaration: Declaration | null
}

export interface PriorDecision {
  stage: number
  reviewer: string
  verdict: Verdict
  reason_codes: string[]
  note: string
  decided_at: string
}

export interface LeaseOut {
  case_id: number
  cycle: number
  stage: 1 | 2 | 3
  slot: 0 | 1
  token: number
  ttl_s: number
  due_in_s: number
  reason: string
  risk: number
  scan: ScanView
  screening: ScreeningOut | null
  escalation: PriorDecision[]
}

export interface Annotation {
  box: Box
  kind: string
  note: string
}

export interface FindingVote {
  finding_id: number
  accepted: boolean
}

export interface DecideIn {
  case_id: number
  token: number
  verdict: Verdict
  reason_codes: string[]
  note: string
  annotations: Annotation[]
  finding_votes: FindingVote[]
}

export interface DecideOut {
  decision_id: number
  case_closed: boolean
  next: LeaseOut | null
}

export interface LeaseRef {
  case_id: number
  token: number
}

export interface HeartbeatOut {
  ttl_s: number
  lost: number[]
}

export interface PortBoard {
  port: string
  name_zh: string
  name_en: string
  ready: number
  leased: number
  oldest_s: number | null
  overdue: number
  decided_last_hour: number
  screening: number
}

export interface BoardOut {
  at: string
  ports: PortBoard[]
  reviewers_active: number
  median_handling_s: number | null
  on_time_ratio: number | null
}

export interface QueueGlance {
  ready: number
  overdue: number
  mine_today: number
  my_median_s: number | null
}

export interface DecisionRow {
  decision_id: number
  case_id: number
  scan_id: string
  port: string
  container_no: string | null
  cycle: number
  stage: number
  reviewer: string
  verdict: Verdict
  reason_codes: string[]
  note: string
  risk: number
  reason: string
  disposition: string | null
  handling_s: number
  decided_at: string
}

export interface DecisionPage {
  rows: DecisionRow[]
  next_before: number | null
}

export interface AuditRow {
  seq: number
  at: string
  actor: string
  event: string
  case_id: number | null
  stage: number | null
  verdict: string | null
  detail: string | null
}

export interface ReasonCode {
  code: string
  zh: string
  en: string
  verdicts: Verdict[]
}

export interface UiConfig {
  version: string
  demo: boolean
  heartbeat_s: number
  reason_codes: ReasonCode[]
  finding_kinds: Record<string, Record<string, string>>
}
