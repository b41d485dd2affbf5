/** A whole page with one thing to say: loading, or why there is nothing else. */

import { Button } from 'antd'
import { useEffect } from 'react'

import { ApiError } from '../api/client'
import { useT } from '../i18n'
import { Shield } from './Shield'

const RETRY_MS = 5000

export interface SplashProps {
  error?: Error | null
  onRetry?: () => void
}

export function Splash({ error, onRetry }: SplashProps) {
  const t = useT()
  useEffect(() => {
    if (!error || !onRetry) return
    const timer = setTimeout(onRetry, RETRY_MS)
    return () => clearTimeout(timer)
  }, [error, onRetry])
  const code = error instanceof ApiError ? error.code : error?.name
  return (
    <main className="sx-splash" aria-busy={!error}>
      <Shield />
      <h1>{t(error ? 'app.unreachable' : 'app.loading')}</h1>
      {error ? <p>{t('app.unreachableHint')}</p> : null}
      {code ? <code>{code}</code> : null}
      {onRetry && error ? <Button onClick={onRetry}>{t('app.retry')}</Button> : null}
    </main>
  )
}
