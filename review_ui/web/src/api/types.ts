/**
 * The JSON of the review API, under the names of `review_ui/schemas.py`.
 *
 * Aliases of the generated types. Narrower where OpenAPI cannot say it: a box has four numbers, and the
 * declaration is the station's own JSON.
 */

import type { Box } from '../viewer/types'
import type { components } from './schema'

type Schemas = components['schemas']
type With<T, Narrower> = Omit<T, keyof Narrower> & Narrower

export type { Box }
export type Verdict = Schemas['DecideIn']['verdict']
export type Role = Schemas['AccountOut']['role']

export type LoginIn = Schemas['LoginIn']
export type AccountOut = Schemas['AccountOut']
export type FindingOut = With<Schemas['FindingOut'], { box: Box | null }>
export type ScreeningOut = With<Schemas['ScreeningOut'], { findings: FindingOut[] }>
export type Px16Level = Schemas['Px16Level']
export type ScanView = With<Schemas['ScanView'], { declaration: Declaration | null }>
export type LeaseOut = Schemas['LeaseOut']
export type Annotation = With<Schemas['Annotation'], { box: Box }>
export type FindingVote = Schemas['FindingVote']
export type PriorDecision = With<Schemas['PriorDecision'], { annotations: Annotation[] }>
export type DecideIn = With<Schemas['DecideIn'], { annotations: Annotation[] }>
export type DecideOut = Schemas['DecideOut']
interface Shown {
  scan: ScanView
  screening: ScreeningOut | null
  escalation: PriorDecision[]
}
export type CaseView = With<Schemas['CaseView'], Shown>
export type ClosedCaseView = With<Schemas['ClosedCaseView'], Shown>
export type OtherScan = Schemas['OtherScan']
export type EarlierScanList = Schemas['EarlierScanList']
export type Lookalike = Schemas['Lookalike']
export type LookalikeList = Schemas['LookalikeList']
export type LeaseRef = Schemas['LeaseRef']
export type HeartbeatOut = Schemas['HeartbeatOut']
export type PortBoard = Schemas['PortBoard']
export type BoardOut = Schemas['BoardOut']
export type QueueGlance = Schemas['QueueGlance']
export type DecisionRow = Schemas['DecisionRow']
export type DecisionPage = Schemas['DecisionPage']
export type AuditRow = Schemas['AuditRow']
export type ReasonCode = Schemas['ReasonCode']
export type UiConfig = Schemas['UiConfig']

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

export type PolicyBody = Schemas['PolicyBody']
export type QueuePolicyOut = Schemas['QueuePolicyOut']
export type ProposalIn = Schemas['ProposalIn']
export type ProposalOut = With<Schemas['ProposalOut'], { policy: PolicyBody }>
export type ProposalOutcome = Schemas['OutcomeIn']['outcome']
export type PolicyEffectOut = Schemas['PolicyEffectOut']
export type CaseRow = Schemas['CaseRow']
export type CasePage = Schemas['CasePage']
export type CaseCursor = Schemas['CaseCursor']
export type CaseHistory = With<Schemas['CaseHistory'], { decisions: PriorDecision[] }>
export type ReviewerOption = Schemas['ReviewerOption']
export type EscalationRow = With<Schemas['EscalationRow'], { decisions: PriorDecision[] }>
export type EscalationPage = With<Schemas['EscalationPage'], { rows: EscalationRow[] }>
export type FiguresOut = Schemas['FiguresOut']
export type InspectionIn = With<Schemas['InspectionIn'], { kinds: string[]; note: string }>
export type InspectionRow = Schemas['InspectionRow']
export type HourFigures = Schemas['HourFigures']
export type ReviewerAtWork = Schemas['ReviewerAtWork']
