/** Below the image: the whole scan, what comes next, and what was decided in this session. */

import { span, timeOfDay } from '../format'
import { useT } from '../i18n'
import { Overview } from '../pane/Overview'
import { meanHandlingS } from './doneLog'
import { useSeatState } from './SeatContext'

export function Strip() {
  return (
    <div className="sx-strip">
      <Overview />
      <DoneList />
    </div>
  )
}

function DoneList() {
  const t = useT()
  const done = useSeatState((state) => state.done)
  const mean = meanHandlingS(done)
  return (
    <section className="sx-done" aria-label={t('done.label')}>
      <header>
        {t('done.label')} {done.length > 0 ? <span className="sx-count is-quiet">{done.length}</span> : null}
        {mean !== null ? <small>{t('done.average', { span: span(mean) })}</small> : null}
      </header>
      {done.length === 0 ? <p className="sx-panel-note">{t('done.empty')}</p> : null}
      <ol>
        {done.slice(0, 12).map((entry) => (
          <li key={`${entry.scanId} ${entry.at}`}>
            <time className="sx-num">{timeOfDay(new Date(entry.at)).slice(0, 5)}</time>
            <span className={`sx-verdict is-${entry.verdict}`}>{t(`verdict.${entry.verdict}`)}</span>
            <span className="sx-mono">{entry.scanId}</span>
            <small className="sx-num">{span(entry.handlingS)}</small>
          </li>
        ))}
      </ol>
    </section>
  )
}
