/** One fetch wrapper: the header the server asks for, problem+json to `ApiError`, a time limit. */

/** Status 0 means that no answer came (code `network` or `timeout`). */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryAfterS: number | null

  constructor(status: number, code: string, detail: string, retryAfterS: number | null = null) {
    super(`${status} ${code}: ${detail}`)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.detail = detail
    this.retryAfterS = retryAfterS
  }
}

/** True when the same request may succeed later without anyone changing anything. */
export function isTransient(error: unknown): error is ApiError {
  return error instanceof ApiError && [0, 429, 502, 503, 504].includes(error.status)
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  timeoutS?: number
  /** `high` puts a request before the strips of a scan that is being fetched ahead. */
  priority?: 'high' | 'auto'
  signal?: AbortSignal
}

type Listener = () => void
const sessionEndListeners = new Set<Listener>()

/** Calls back when the server no longer knows the session. Returns the way to stop. */
export function onSessionEnded(listener: Listener): () => void {
  sessionEndListeners.add(listener)
  return () => sessionEndListeners.delete(listener)
}

/** Sends one request. Resolves to null for 204. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T | null> {
  const response = await send(path, options)
  if (response.status === 204) return null
  if (!response.ok) throw await toApiError(response)
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError(response.status, 'answer_malformed', path)
  }
}

/** Like `request`, for answers that always have a body. */
export async function requestBody<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const body = await request<T>(path, options)
  if (body === null) throw new ApiError(204, 'answer_empty', path)
  return body
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const { method = 'GET', body, timeoutS = 15, priority = 'auto', signal } = options
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Requested-With': 'shenxiang' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const limit = AbortSignal.timeout(timeoutS * 1000)
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      priority,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(0, limit.aborted ? 'timeout' : 'network', String(cause))
  }
}

async function toApiError(response: Response): Promise<ApiError> {
  const problem = await readProblem(response)
  const retryAfter = Number(response.headers.get('Retry-After'))
  const error = new ApiError(
    response.status,
    problem.code ?? `http_${response.status}`,
    problem.detail ?? problem.title ?? response.statusText,
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
  )
  if (response.status === 401 && error.code !== 'login_refused') {
    for (const listener of sessionEndListeners) listener()
  }
  return error
}

interface Problem {
  code?: string
  title?: string
  detail?: string
}

async function readProblem(response: Response): Promise<Problem> {
  if (!/json/.test(response.headers.get('Content-Type') ?? '')) return {}
  try {
    const problem: unknown = await response.json()
    return typeof problem === 'object' && problem !== null ? asText(problem as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function asText(problem: Record<string, unknown>): Problem {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { code: text(problem.code), title: text(problem.title), detail: text(problem.detail) }
}
