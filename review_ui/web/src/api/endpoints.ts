/** The review API, one function per route. */

import { request, requestBody } from './client'
import type {
  AccountOut,
  AuditRow,
  BoardOut,
  CaseView,
  ClosedCaseView,
  DecideIn,
  DecideOut,
  DecisionPage,
  EarlierScanList,
  HeartbeatOut,
  LeaseOut,
  LeaseRef,
  LoginIn,
  LookalikeList,
  QueueGlance,
  UiConfig,
} from './types'

const V1 = '/api/v1'

export const EVENTS_REVIEW = `${V1}/review/events`
export const EVENTS_BOARD = `${V1}/board/events`

export const logIn = (body: LoginIn) => requestBody<AccountOut>(`${V1}/session`, { method: 'POST', body })
export const logOut = () => request<void>(`${V1}/session`, { method: 'DELETE', timeoutS: 5 })
export const getSession = () => requestBody<AccountOut>(`${V1}/session`)
export const getUiConfig = () => requestBody<UiConfig>(`${V1}/ui-config`)

export const claimNext = () => request<LeaseOut>(`${V1}/review/next`, { method: 'POST', priority: 'high' })
export const prefetchNext = () => request<LeaseOut>(`${V1}/review/prefetch`, { method: 'POST' })
export const getHeldCase = (caseId: number, priority: 'high' | 'auto' = 'auto') =>
  requestBody<CaseView>(`${V1}/review/cases/${caseId}`, { priority })
export const decide = (body: DecideIn) =>
  requestBody<DecideOut>(`${V1}/review/decide`, { method: 'POST', body, priority: 'high' })
export const getEarlierScans = (caseId: number) =>
  requestBody<EarlierScanList>(`${V1}/review/cases/${caseId}/earlier`)
export const getLookalikes = (caseId: number, sameHeading: boolean) =>
  requestBody<LookalikeList>(`${V1}/review/cases/${caseId}/lookalikes?same_heading=${sameHeading}`)
export const heartbeat = (leases: LeaseRef[]) =>
  requestBody<HeartbeatOut>(`${V1}/review/heartbeat`, { method: 'POST', body: { leases }, timeoutS: 10 })
export const pauseReview = () => request<void>(`${V1}/review/pause`, { method: 'POST', timeoutS: 8 })
export const getGlance = () => requestBody<QueueGlance>(`${V1}/review/glance`)

export const getBoard = () => requestBody<BoardOut>(`${V1}/board`)
export const getClosedCase = (caseId: number) => requestBody<ClosedCaseView>(`${V1}/cases/${caseId}`)
export const getAudit = (caseId: number) => requestBody<AuditRow[]>(`${V1}/cases/${caseId}/audit`)

export interface DecisionQuery {
  before?: number
  port?: string
  limit?: number
}

export function getDecisions(query: DecisionQuery): Promise<DecisionPage> {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  return requestBody<DecisionPage>(`${V1}/decisions?${parameters}`)
}
