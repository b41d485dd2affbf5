/** The supervisor's routes: the queue's policy, the search for cases, escalations, figures. */

import { requestBody } from './client'
import type {
  CaseCursor,
  CaseHistory,
  CasePage,
  EscalationPage,
  FiguresOut,
  InspectionIn,
  InspectionRow,
  PolicyBody,
  PolicyEffectOut,
  ProposalIn,
  ProposalOutcome,
  QueuePolicyOut,
  ReviewerOption,
} from './types'

const V1 = '/api/v1'

export const getQueuePolicy = () => requestBody<QueuePolicyOut>(`${V1}/queue-policy`)
export const getPolicyEffect = (policy: PolicyBody, signal?: AbortSignal) =>
  requestBody<PolicyEffectOut>(`${V1}/queue-policy/effect`, { method: 'POST', body: { policy }, signal })
export const proposePolicy = (body: ProposalIn) =>
  requestBody<{ proposal_id: number }>(`${V1}/queue-policy/proposals`, { method: 'POST', body })
export const decideProposal = (proposalId: number, outcome: ProposalOutcome) =>
  requestBody<{ version: number | null }>(`${V1}/queue-policy/proposals/${proposalId}/outcome`, {
    method: 'POST',
    body: { outcome },
  })

/** Empty words ask for nothing; times are ISO with a zone. */
export interface CaseQuery {
  number?: string
  port?: string
  reason?: string
  modality?: string
  state?: string
  disposition?: string
  verdict?: string
  reviewer?: string
  since?: string
  until?: string
}

export function getCases(query: CaseQuery, after: CaseCursor | null, limit: number): Promise<CasePage> {
  const parameters = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries(query)) if (value) parameters.set(name, value)
  if (after) parameters.set('before_id', String(after.id))
  if (after?.at) parameters.set('before_at', after.at)
  return requestBody<CasePage>(`${V1}/cases?${parameters}`)
}

export const getCaseHistory = (caseId: number) => requestBody<CaseHistory>(`${V1}/cases/${caseId}/history`)
export const reportInspection = (caseId: number, body: InspectionIn) =>
  requestBody<InspectionRow>(`${V1}/cases/${caseId}/inspection`, { method: 'PUT', body })
export const getCaseReviewers = () => requestBody<ReviewerOption[]>(`${V1}/case-reviewers`)
export const getEscalations = () => requestBody<EscalationPage>(`${V1}/escalations`)
export const getFigures = (port: string) =>
  requestBody<FiguresOut>(`${V1}/board/figures${port ? `?port=${encodeURIComponent(port)}` : ''}`)
