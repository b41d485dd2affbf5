import { afterEach, describe, expect, it, vi } from 'vitest'

import { ApiError, isTransient, onSessionEnded, request } from './client'

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = body === null ? null : JSON.stringify(body)
  return vi.fn(
    async () =>
      new Response(text, { status, headers: { 'Content-Type': 'application/problem+json', ...headers } }),
  )
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error as ApiError,
  )

afterEach(() => vi.unstubAllGlobals())

describe('request', () => {
  it('sends the header that proves it is our page', async () => {
    const fetch = answer(200, { ok: true })
    vi.stubGlobal('fetch', fetch)
    await request('/api/v1/x', { method: 'POST', body: { a: 1 } })
    const [, init] = fetch.mock.calls[0] as unknown as [string, RequestInit]
    expect(init).toMatchObject({ method: 'POST', body: '{"a":1}', credentials: 'same-origin' })
    expect(init.headers).toMatchObject({
      'X-Requested-With': 'shenxiang',
      'Content-Type': 'application/json',
    })
  })

  it('reads 204 as null', async () => {
    vi.stubGlobal('fetch', answer(204, null))
    expect(await request('/x')).toBeNull()
  })

  it('turns a problem into an error with its code', async () => {
    vi.stubGlobal('fetch', answer(409, { code: 'lease_lost', detail: 'case 7' }, { 'Retry-After': '3' }))
    expect(await failure(request('/x'))).toMatchObject({
      status: 409,
      code: 'lease_lost',
      detail: 'case 7',
      retryAfterS: 3,
    })
  })

  it('copes with an answer that is no problem document', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response('<h1>502</h1>', { status: 502 })),
    )
    expect(await failure(request('/x'))).toMatchObject({ status: 502, code: 'http_502' })
  })

  it('names a lost network', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => {
        throw new TypeError('Failed to fetch')
      }),
    )
    expect(await failure(request('/x'))).toMatchObject({ status: 0, code: 'network' })
  })

  it('tells of the end of the session, but not of a wrong password', async () => {
    const ended = vi.fn()
    const stop = onSessionEnded(ended)
    vi.stubGlobal('fetch', answer(401, { code: 'login_refused' }))
    await failure(request('/session'))
    expect(ended).not.toHaveBeenCalled()
    vi.stubGlobal('fetch', answer(401, { code: 'not_logged_in' }))
    await failure(request('/x'))
    expect(ended).toHaveBeenCalledOnce()
    stop()
  })
})

it('knows what may succeed later', () => {
  expect([0, 429, 503, 409, 500].map((status) => isTransient(new ApiError(status, '', '')))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
