/** A verification as it runs: the lines the server sends, and what they add up to. */

export interface Finding {
  code: string
  message: string
  seq: number | null
  case_id: number | null
  seal_no: number | null
}

export interface Progress {
  part: 'seals' | 'moves' | 'tables'
  n_read: number
  n_total: number
  n_findings: number
  first: Finding | null
}

export interface Report {
  ok: boolean
  findings: Finding[]
  counts: Record<string, number>
  n_rows: number
  n_unsealed: number
  n_seals: number
  n_moves: number
  n_ranks: number
  n_ranks_unrevealed: number
  n_assignments: number
  n_unprovable: number
  n_unexplained: number
}

export type Step = { progress: Progress } | { report: Report } | { error: { detail: string } }

/** Yields the JSON of each line of a body; empty lines only keep the connection. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<Step> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  while (true) {
    const { done, value } = await reader.read()
    rest += decoder.decode(value, { stream: !done })
    const lines = rest.split('\n')
    rest = done ? '' : (lines.pop() ?? '')
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as Step
    if (done) return
  }
}

/** How much is done, in [0, 1]. */
export function ratioOf({ n_read, n_total, part }: Progress): number {
  if (part === 'tables' || n_total === 0) return 1
  return Math.min(1, n_read / n_total)
}
