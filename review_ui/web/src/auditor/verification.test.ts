import { expect, it } from 'vitest'

import { ratioOf, readLines, type Step } from './verification'

async function read(...chunks: string[]): Promise<Step[]> {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })
  const steps: Step[] = []
  for await (const step of readLines(body)) steps.push(step)
  return steps
}

it('reads lines however they are cut, and passes over those that keep the connection', async () => {
  expect(await read('{"error": {"det', 'ail": "a"}}\n\n', '\n{"error": {"detail": "b"}}')).toEqual([
    { error: { detail: 'a' } },
    { error: { detail: 'b' } },
  ])
})

it('fails on an answer that breaks off within a line', async () => {
  await expect(read('{"error": {"detail": "a"}}\n{"repo')).rejects.toThrow()
})

it('is done when only the tables are left', () => {
  const progress = { n_read: 50, n_total: 200, n_findings: 0, first: null }
  expect(ratioOf({ ...progress, part: 'seals' })).toBe(0.25)
  expect(ratioOf({ ...progress, part: 'tables' })).toBe(1)
})
