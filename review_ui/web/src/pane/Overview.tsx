/** The whole scan in small, with the part that is on the screen; the viewer draws it and takes its clicks. */

import { type CSSProperties, useEffect, useRef } from 'react'

import { useT } from '../i18n'
import { usePane, usePaneState } from './PaneContext'

export function Overview() {
  const t = useT()
  const pane = usePane()
  const canvas = useRef<HTMLCanvasElement>(null)
  const full = usePaneState((state) => state.scan?.levels.at(-1) ?? null)
  // A box of the scan's own shape, within limits: nothing beside the image but a very long train needs bars.
  const ratio = full ? Math.min(6, Math.max(1.6, full.width_px / full.height_px)) : 2.5
  useEffect(() => {
    pane.setOverview(canvas.current)
    return () => pane.setOverview(null)
  }, [pane])
  return (
    <figure className="sx-overview">
      <div style={{ '--ratio': ratio } as CSSProperties}>
        <canvas ref={canvas} className={full ? '' : 'is-empty'} role="img" aria-label={t('overview.label')} />
      </div>
      <figcaption>{t('overview.label')}</figcaption>
    </figure>
  )
}
