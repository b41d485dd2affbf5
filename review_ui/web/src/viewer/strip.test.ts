import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeStrip, noise } from './fixtures'
import { Px16Error, parsePx16 } from './px16'
import { decodeStrip, FetchError, fetchPlanes, TYPE_DECODED, TYPE_ZSTD } from './strip'

const signal = new AbortController().signal

function answer(body: BodyInit | null, init: ResponseInit): void {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(body, init)),
  )
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('fetchPlanes', () => {
  const file = parsePx16(
    new Uint8Array(readFileSync(join(import.meta.dirname, '../../../../tests/data/px16/one_strip.px16'))),
  )

  it('takes the body as it is when the browser has decompressed it', async () => {
    answer(Uint8Array.of(1, 2, 3), { headers: { 'content-type': TYPE_DECODED } })
    expect(await fetchPlanes('/s', signal)).toEqual(Uint8Array.of(1, 2, 3))
    expect(fetch).toHaveBeenCalledWith('/s', { credentials: 'same-origin', signal })
  })

  it('decompresses where the browser did not offer zstd', async () => {
    answer(file.frames[0] as Uint8Array<ArrayBuffer>, { headers: { 'content-type': TYPE_ZSTD } })
    const planes = await fetchPlanes('/s', signal)
    expect(planes.length).toBe(file.width * file.height * file.nChannels * 2)
  })

  it('reports the status and the stable code of a refusal', async () => {
    answer(JSON.stringify({ code: 'case_not_held', title: 'x' }), { status: 404 })
    const error = await fetchPlanes('/s', signal).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(FetchError)
    expect(error).toMatchObject({ status: 404, message: expect.stringContaining('case_not_held') })
  })

  it('refuses a page where a strip was expected', async () => {
    answer('<html>', { headers: { 'content-type': 'text/html' } })
    await expect(fetchPlanes('/s', signal)).rejects.toThrow('text/html')
  })
})

describe('decodeStrip', () => {
  const channels = [noise(10, 6), noise(10, 6, 2)]
  const task = { width: 10, rows: 6, nChannels: 2, top: 0, isLast: true, halve: true }

  it('restores what was encoded, with halves and hues', () => {
    const strip = decodeStrip(encodeStrip(channels, 10), task)
    expect(strip.channels).toEqual(channels)
    expect(strip.half).toMatchObject({ firstRow: 0, rows: 3 })
    expect(strip.hue?.length).toBe(15)
  })

  it('makes hues at the preview itself, none for a single energy', () => {
    expect(decodeStrip(encodeStrip(channels, 10), { ...task, halve: false }).hue?.length).toBe(60)
    const single = { ...task, nChannels: 1 }
    expect(decodeStrip(encodeStrip([channels[0]], 10), single).hue).toBeNull()
  })

  it('refuses a strip that was cut short', () => {
    expect(() => decodeStrip(new Uint8Array(10), task)).toThrow(Px16Error)
  })
})
