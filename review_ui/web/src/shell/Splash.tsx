/** A whole page with one thing to say: loading, or why there is nothing else. */

import { Button } from 'antd'
import { useEffect } from 'react'

import { ApiError } from '../api/client'
import { useT } from '../i18n'
import { useLogOut } from '../session/session'
import { Shield } from './Shield'

const RETRY_MS = 5000

export interface SplashProps {
  title?: string
  hint?: string
  error?: Error | null
  onRetry?: () => void
  canLogOut?: boolean
}

export function Splash({ title, hint, error, onRetry, canLogOut }: SplashProps) {
  const t = useT()
  useEffect(() => {
    if (!error || !onRetry) return
    const timer = setTimeout(onRetry, RETRY_MS)
    return () => clearTimeout(timer)
  }, [error, onRetry])
  const code = error instanceof ApiError ? error.code : error?.name
  return (
    <main className="sx-splash" aria-busy={!title && !error}>
      <Shield />
      <h1>{error ? t('app.unreachable') : (title ?? t('app.loading'))}</h1>
      {error ? <p>{t('app.unreachableHint')}</p> : hint ? <p>{hint}</p> : null}
      {code ? <code>{code}</code> : null}
      {onRetry && error ? <Button onClick={onRetry}>{t('app.retry')}</Button> : null}
      {canLogOut ? <LogOutButton /> : null}
    </main>
  )
}

function LogOutButton() {
  const t = useT()
  const logOut = useLogOut()
  return <Button onClick={() => void logOut()}>{t('menu.logOut')}</Button>
}
