/** What the reviewer drew. */

import { DeleteOutlined } from '@ant-design/icons'
import { type KeyboardEvent, useRef } from 'react'

import type { Annotation } from '../api/types'
import { boxSize } from '../format'
import { useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { markKey } from '../pane/overlays'
import { usePane, usePaneState } from '../pane/PaneContext'
import { useDesk, useSeatState } from './SeatContext'
import { useKindName } from './useOverlays'

export function Marks() {
  const t = useT()
  const annotations = useSeatState((state) => state.draft.annotations)
  return (
    <section className="sx-marks" aria-label={t('marks.title')}>
      <h2>
        {t('marks.title')}{' '}
        {annotations.length > 0 ? <span className="sx-count is-quiet">{annotations.length}</span> : null}
      </h2>
      {annotations.length === 0 ? (
        <p className="sx-panel-note">{t('marks.none', { key: keyLabel('box') })}</p>
      ) : null}
      <ul>
        {annotations.map((annotation, index) => (
          <Mark
            // biome-ignore lint/suspicious/noArrayIndexKey: a mark has no other name, and is never moved
            key={index}
            annotation={annotation}
            index={index}
          />
        ))}
      </ul>
    </section>
  )
}

function Mark({ annotation, index }: { annotation: Annotation; index: number }) {
  const t = useT()
  const pane = usePane()
  const { seat } = useDesk()
  const isSelected = usePaneState((state) => state.selected === markKey(index))
  const pitchMm = useSeatState((state) => state.view?.scan.pixel_pitch_mm ?? null)
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return
    if (event.nativeEvent.isComposing) return
    event.preventDefault()
    pane.focusHost()
  }
  return (
    <li className={`sx-mark${isSelected ? ' is-selected' : ''}`}>
      <button
        type="button"
        className="sx-mark-no"
        aria-label={t('marks.label', { index: index + 1 })}
        aria-pressed={isSelected}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => pane.select(markKey(index), annotation.box)}
      >
        {index + 1}
      </button>
      <KindSelect annotation={annotation} index={index} onLeave={leave} />
      <button
        type="button"
        className="sx-vote is-reject"
        aria-label={t('marks.remove')}
        title={`${t('marks.remove')} (${keyLabel('removeMark')})`}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => {
          seat.hand.removeAnnotation(index)
          pane.select(null)
        }}
      >
        <DeleteOutlined />
      </button>
      <input
        type="text"
        className="sx-input"
        maxLength={500}
        aria-label={t('marks.note')}
        placeholder={`${boxSize(annotation.box, pitchMm)} · ${t('marks.note')}`}
        value={annotation.note}
        onChange={(event) => seat.hand.changeAnnotation(index, { note: event.target.value })}
        onKeyDown={leave}
      />
    </li>
  )
}

interface KindSelectProps {
  annotation: Annotation
  index: number
  onLeave: (event: KeyboardEvent) => void
}

function KindSelect({ annotation, index, onLeave }: KindSelectProps) {
  const t = useT()
  const { seat, config } = useDesk()
  const kindName = useKindName()
  const pane = usePane()
  const byPointer = useRef(false)
  const kinds = Object.keys(config.finding_kinds)
  const choose = (kind: string) => {
    seat.hand.changeAnnotation(index, { kind })
    // Chosen with the mouse, the work goes on at the image; with arrow keys it may not be the last choice.
    if (byPointer.current) pane.focusHost()
  }
  return (
    <select
      id={`sx-kind-${index}`}
      className="sx-input"
      aria-label={t('marks.kind')}
      value={annotation.kind}
      onPointerDown={() => {
        byPointer.current = true
      }}
      onChange={(event) => choose(event.target.value)}
      onKeyDown={(event) => {
        byPointer.current = false
        onLeave(event)
      }}
    >
      {kinds.includes(annotation.kind) ? null : <option value={annotation.kind}>{annotation.kind}</option>}
      {kinds.map((kind) => (
        <option key={kind} value={kind}>
          {kindName(kind)}
        </option>
      ))}
    </select>
  )
}
