/** What the server would refuse in a list of reasons; see `review_queue/reason_codes.py`. */

import type { ReasonCode, Verdict } from '../../api/types'

export const VERDICTS: readonly Verdict[] = ['release', 'inspect', 'escalate', 'rescan']
const CODE = /^[a-z][a-z0-9_]{0,39}$/
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const MAX_NAME = 60

export interface ReasonFault {
  field: 'code' | 'zh' | 'en'
  why: 'code' | 'codeTwice' | 'name' | 'nameTwice'
}

/** The first fault of each reason, in the order of the list. */
export function reasonFaults(reasons: readonly ReasonCode[]): (ReasonFault | null)[] {
  return reasons.map((reason) => {
    const others = reasons.filter((other) => other !== reason)
    if (!CODE.test(reason.code)) return { field: 'code', why: 'code' }
    if (others.some(({ code }) => code === reason.code)) return { field: 'code', why: 'codeTwice' }
    for (const field of ['zh', 'en'] as const) {
      const name = reason[field]
      if (!isName(name)) return { field, why: 'name' }
      const rivals = others.filter(({ verdicts }) => verdicts.some((one) => reason.verdicts.includes(one)))
      if (rivals.some((other) => other[field] === name)) return { field, why: 'nameTwice' }
    }
    return null
  })
}

function isName(name: string): boolean {
  const length = [...name].length
  return name === name.trim() && length >= 1 && length <= MAX_NAME && !UNSEEN.test(name)
}
