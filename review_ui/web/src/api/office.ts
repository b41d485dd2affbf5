/** The API of administrators and auditors, one function per route. */

import { ApiError, request, requestBody } from './client'
import type { components } from './schema'

type Schemas = components['schemas']

export type AdminAccount = Schemas['AdminAccountOut']
export type NewAccount = Schemas['NewAccount']
export type PasswordOut = Schemas['PasswordOut']
export type PortOut = Schemas['PortOut']
export type StationOut = Schemas['StationOut']
export type StationKey = Schemas['StationKeyOut']
export type StationIn = Schemas['StationIn']
export type CredentialsOut = Schemas['CredentialsOut']
export type ModelOut = Schemas['ModelOut']
export type ModelsOut = Schemas['ModelsOut']
export type TrailRow = Schemas['TrailRowOut']
export type TrailPage = Schemas['TrailPageOut']
export type SealedRow = Schemas['SealedRowOut']
export type CaseHistory = Schemas['CaseHistoryOut']

const ADMIN = '/api/v1/admin'
const AUDIT = '/api/v1/audit'
const post = (body?: unknown) => ({ method: 'POST', body }) as const

export const getPorts = () => requestBody<PortOut[]>(`${ADMIN}/ports`)
export const getAccounts = () => requestBody<AdminAccount[]>(`${ADMIN}/accounts`)
export const createAccount = (body: NewAccount) => requestBody<PasswordOut>(`${ADMIN}/accounts`, post(body))
export const resetPassword = (login: string) =>
  requestBody<PasswordOut>(`${ADMIN}/accounts/${encodeURIComponent(login)}/password`, post())
export const disableAccount = (login: string) =>
  request<void>(`${ADMIN}/accounts/${encodeURIComponent(login)}/disable`, post())

export const getStations = () => requestBody<StationOut[]>(`${ADMIN}/stations`)
export const createStation = (body: StationIn) => requestBody<CredentialsOut>(`${ADMIN}/stations`, post(body))
export const rotateKey = (stationId: string, graceS: number) =>
  requestBody<CredentialsOut>(
    `${ADMIN}/stations/${encodeURIComponent(stationId)}/rotate`,
    post({ grace_s: graceS }),
  )
export const revokeKey = (keyId: string) =>
  request<void>(`${ADMIN}/station-keys/${encodeURIComponent(keyId)}/revoke`, post())

export const getModels = () => requestBody<ModelsOut>(`${ADMIN}/models`)

export const searchTrail = (query: URLSearchParams, signal?: AbortSignal) =>
  requestBody<TrailPage>(`${AUDIT}/events?${query}`, { signal, timeoutS: 60 })
export const exportUrl = (query: URLSearchParams, format: 'csv' | 'jsonl') =>
  `${AUDIT}/export?${new URLSearchParams([...query, ['format', format]])}`
export const getCaseHistory = (caseId: number) => requestBody<CaseHistory>(`${AUDIT}/cases/${caseId}`)

/** Starts a verification; its lines come as the body. The signal ends it. */
export async function startVerification(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${AUDIT}/verify`, {
    method: 'POST',
    headers: { 'X-Requested-With': 'shenxiang' },
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  })
  if (response.ok && response.body) return response.body
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  throw new ApiError(response.status, problem.code ?? `http_${response.status}`, problem.detail ?? '')
}
