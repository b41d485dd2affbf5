import { ApiError } from '../api/client'
import { type Translate, useT } from '../i18n'

/** What is said of anything that could not be read: our code for it, or the browser's. */
export function failureText(t: Translate, error: Error): string {
  return t('history.failed', { code: error instanceof ApiError ? error.code : error.name })
}

/** Why a list could not be read. */
export function Failure({ error }: { error: Error | null }) {
  const t = useT()
  if (!error) return null
  return (
    <p className="sx-history-none" role="alert">
      {failureText(t, error)}
    </p>
  )
}
