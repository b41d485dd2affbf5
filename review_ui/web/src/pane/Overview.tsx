/** The whole scan in small, with the part that is on the screen; the viewer draws it and takes its clicks. */

import { useEffect, useRef } from 'react'

import { useT } from '../i18n'
import { usePane, usePaneState } from './PaneContext'

export function Overview() {
  const t = useT()
  const pane = usePane()
  const canvas = useRef<HTMLCanvasElement>(null)
  const hasScan = usePaneState((state) => state.scan !== null)
  useEffect(() => {
    pane.setOverview(canvas.current)
    return () => pane.setOverview(null)
  }, [pane])
  return (
    <figure className="sx-overview">
      <div>
        <canvas ref={canvas} className={hasScan ? '' : 'is-empty'} role="img" aria-label={t('overview.label')} />
      </div>
      <figcaption>{t('overview.label')}</figcaption>
    </figure>
  )
}
