/** One action of an administrator at a time: what it told, or why it was refused; the list is read again. */

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { ApiError } from '../api/client'
import { type Translate, useT } from '../i18n'

export interface Action {
  isBusy: boolean
  problem: string | null
  /** True when it was done. */
  run: (work: () => Promise<unknown>) => Promise<boolean>
  clear: () => void
}

export function useAction(queryKey: readonly string[]): Action {
  const t = useT()
  const client = useQueryClient()
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const run = async (work: () => Promise<unknown>) => {
    setIsBusy(true)
    setProblem(null)
    try {
      await work()
      await client.invalidateQueries({ queryKey })
      return true
    } catch (error) {
      setProblem(problemText(t, error))
      return false
    } finally {
      setIsBusy(false)
    }
  }
  return { isBusy, problem, run, clear: () => setProblem(null) }
}

function problemText(t: Translate, error: unknown): string {
  if (!(error instanceof ApiError)) return t('office.failed', { code: String(error), detail: '' })
  if (error.status === 0) return t('login.offline')
  switch (error.code) {
    case 'login_taken':
      return t('accounts.loginTaken')
    case 'last_admin':
      return t('accounts.lastAdmin')
    case 'station_exists':
      return t('stations.exists')
    case 'station_invalid':
      return t('stations.invalid')
    default:
      return t('office.failed', { code: error.code, detail: error.detail })
  }
}
