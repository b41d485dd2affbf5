/** Beside the current scan: earlier scans of the same container, and the gate photos. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { getEarlierScans } from '../api/endpoints'
import type { CaseView } from '../api/types'
import { useT } from '../i18n'
import { failureText } from '../shell/Failure'
import { Bar, OtherStage, Outcome, ScanName } from './BesideParts'
import { useCompare } from './compareState'

export function Compare({ view }: { view: CaseView }) {
  const t = useT()
  const { index } = useCompare()
  const earlier = useQuery({
    queryKey: ['earlier', view.case_id, view.cycle, view.stage],
    queryFn: () => getEarlierScans(view.case_id),
    enabled: view.n_earlier > 0,
    // A second lease on the same case is asked anew.
    gcTime: 0,
  })
  const scans = earlier.data?.scans ?? []
  const { photos } = view.scan
  const isWaiting = view.n_earlier > 0 && !earlier.data
  const n = (isWaiting ? view.n_earlier : scans.length) + photos.length
  const at = Math.max(0, Math.min(index, n - 1))
  const scan = scans[at]
  const photo = isWaiting ? undefined : photos[at - scans.length]
  return (
    <section className="sx-compare" aria-label={t('compare.label')}>
      <Bar at={at} n={n} canLink={scan !== undefined} action="compare">
        <b>
          {scan ? t('compare.earlier') : photo ? t('compare.photo', { number: at - scans.length + 1 }) : ''}
        </b>
        {scan ? <ScanName scan={scan} /> : null}
        {scan?.inspection ? <Outcome of={scan.inspection} /> : null}
      </Bar>
      {scan ? <OtherStage scan={scan} label={t('compare.image')} /> : null}
      {photo ? (
        <Photo key={photo} url={photo} name={t('compare.photo', { number: at - scans.length + 1 })} />
      ) : null}
      {earlier.error ? (
        <p className="sx-compare-note" role="alert">
          {failureText(t, earlier.error)}
        </p>
      ) : isWaiting || n === 0 ? (
        <p className="sx-compare-note">{t(isWaiting ? 'app.loading' : 'compare.undecided')}</p>
      ) : null}
    </section>
  )
}

function Photo({ url, name }: { url: string; name: string }) {
  const t = useT()
  const [isLarge, setIsLarge] = useState(false)
  const [hasFailed, setHasFailed] = useState(false)
  if (hasFailed)
    return (
      <p className="sx-compare-note" role="alert">
        {t('compare.photoFailed')}
      </p>
    )
  return (
    <button
      type="button"
      className={`sx-photo${isLarge ? ' is-large' : ''}`}
      aria-pressed={isLarge}
      title={t('compare.naturalSize')}
      onClick={() => setIsLarge(!isLarge)}
    >
      <img src={url} alt={name} onError={() => setHasFailed(true)} />
    </button>
  )
}
