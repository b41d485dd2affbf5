/** Why a person has to look at a case, as the parts of one sentence. */

import type { CaseView } from '../api/types'

/** The reasons that the server knows. */
export type CaseReason =
  | 'finding'
  | 'sampled'
  | 'ai_unavailable'
  | 'unscreenable'
  | 'declaration_mismatch'
  | 'reopened'

/** `kind` and `score` are those of the finding that goes furthest beyond its own threshold. */
export interface Why {
  text: CaseView['reason']
  kind: string | null
  score: number
  threshold: number
  nOthers: number
}

export function whyOf({ reason, screening }: Pick<CaseView, 'reason' | 'screening'>): Why {
  const found = (screening?.findings ?? []).filter(({ score, threshold }) => score >= threshold)
  const [first] = [...found].sort((a, b) => b.score - b.threshold - (a.score - a.threshold))
  return {
    text: reason,
    kind: first?.kind ?? null,
    score: first?.score ?? 0,
    threshold: first?.threshold ?? 0,
    nOthers: Math.max(0, found.length - 1),
  }
}
