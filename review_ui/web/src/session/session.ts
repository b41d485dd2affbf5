/** Who is logged in. `null` is nobody, `undefined` is not known yet. */

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { create } from 'zustand'

import { ApiError, onSessionEnded } from '../api/client'
import { getSession, getUiConfig, logOut, pauseReview } from '../api/endpoints'
import type { AccountOut } from '../api/types'

export const SESSION_KEY = ['session']
export const UI_CONFIG_KEY = ['ui-config']
const FOLLOW_POLICY_MS = 60_000

/** Why the login page is shown. */
export type LoginReason = 'first' | 'ended' | 'loggedOut'
export const useLoginReason = create<{ reason: LoginReason }>(() => ({ reason: 'first' }))

async function readSession(): Promise<AccountOut | null> {
  try {
    return await getSession()
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

export function useSession() {
  const client = useQueryClient()
  useEffect(
    () =>
      onSessionEnded(() => {
        if (!client.getQueryData(SESSION_KEY)) return
        useLoginReason.setState({ reason: 'ended' })
        client.setQueryData(SESSION_KEY, null)
      }),
    [client],
  )
  return useQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: Number.POSITIVE_INFINITY })
}

/** It follows the policy in force, though not to the second. */
export function useUiConfig() {
  return useQuery({
    queryKey: UI_CONFIG_KEY,
    queryFn: getUiConfig,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: FOLLOW_POLICY_MS,
  })
}

/** Ends the session; cases go back first. The page shows the login also when the server does not answer. */
export function useLogOut(): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    const role = client.getQueryData<AccountOut>(SESSION_KEY)?.role
    useLoginReason.setState({ reason: 'loggedOut' })
    if (role === 'reviewer' || role === 'supervisor') await pauseReview().catch(() => undefined)
    await logOut().catch(() => undefined)
    client.setQueryData(SESSION_KEY, null)
    // Not the session itself: the page watches it, and would not hear of a new one by that name.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] })
  }
}
