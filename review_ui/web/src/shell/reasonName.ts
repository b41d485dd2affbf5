import { useCallback } from 'react'

import type { UiConfig } from '../api/types'
import { usePick } from '../i18n'

/** The name of a reason's code in the page's language; a code without one stands for itself. */
export function useReasonName(config: UiConfig): (code: string) => string {
  const pick = usePick()
  return useCallback(
    (code) =>
      pick(
        config.reason_codes.find((one) => one.code === code),
        code,
      ),
    [config, pick],
  )
}
