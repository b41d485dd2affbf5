/** Beside the current scan: scans of other containers whose cargo looks like it, and what they held. */

import { TagsOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'

import { getLookalikes } from '../api/endpoints'
import type { CaseView, Lookalike } from '../api/types'
import { useT } from '../i18n'
import { failureText } from '../shell/Failure'
import { Bar, BarButton, OtherStage, Outcome, ScanName } from './BesideParts'
import { useCompare } from './compareState'

export function Lookalikes({ view }: { view: CaseView }) {
  const t = useT()
  const { index, isSameHeading, toggleHeading } = useCompare()
  const { data, error } = useQuery({
    queryKey: ['lookalikes', view.case_id, view.cycle, view.stage, isSameHeading],
    queryFn: () => getLookalikes(view.case_id, isSameHeading),
    // A second lease on the same case is asked anew.
    gcTime: 0,
  })
  const scans = data?.scans ?? []
  const at = Math.max(0, Math.min(index, scans.length - 1))
  const scan = scans[at]
  return (
    <section className="sx-compare" aria-label={t('lookalikes.label')}>
      <Bar at={at} n={scans.length} canLink={scan !== undefined} action="lookalikes">
        <b>{scan ? t('lookalikes.likeness', { percent: Math.round(scan.likeness * 100) }) : ''}</b>
        {scan ? <ScanName scan={scan} /> : null}
        {scan?.inspection ? <Outcome of={scan.inspection} /> : null}
        <BarButton
          action="sameHeading"
          name={t('key.sameHeading')}
          icon={<TagsOutlined />}
          isOn={isSameHeading}
          onClick={toggleHeading}
        >
          {t('lookalikes.sameHeading')}
        </BarButton>
      </Bar>
      {scan ? (
        <div className="sx-lookalike">
          <Goods of={scan} />
          <OtherStage scan={scan} label={t('lookalikes.image')} />
        </div>
      ) : (
        <p className="sx-compare-note" role={error ? 'alert' : undefined}>
          {error
            ? failureText(t, error)
            : data
              ? t(data.state === 'searched' ? 'lookalikes.none' : `lookalikes.${data.state}`)
              : t('app.loading')}
        </p>
      )}
    </section>
  )
}

/** What the other scan's declaration says, and whether the case's says the same. */
function Goods({ of }: { of: Lookalike }) {
  const t = useT()
  return (
    <p>
      {of.shares_heading ? <span className="sx-badge">{t('lookalikes.shared')}</span> : null}
      {of.declared.length === 0 ? t('lookalikes.undeclared') : null}
      {of.declared.map(({ hs_code, description }) => (
        <span key={hs_code + description}>
          <span className="sx-mono">{hs_code}</span> {description}
        </span>
      ))}
    </p>
  )
}
