import { ApiError } from '../api/client'
import { useT } from '../i18n'

/** Why a list could not be read. */
export function Failure({ error }: { error: Error | null }) {
  const t = useT()
  if (!error) return null
  return (
    <p className="sx-history-none" role="alert">
      {t('history.failed', { code: error instanceof ApiError ? error.code : error.name })}
    </p>
  )
}
