/** Beside the current scan: earlier scans of the same container, and the gate photos. */

import {
  CloseOutlined,
  DisconnectOutlined,
  LeftOutlined,
  LinkOutlined,
  RightOutlined,
} from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useState } from 'react'

import { getEarlierScans } from '../api/endpoints'
import type { CaseView, EarlierScan } from '../api/types'
import { moment } from '../format'
import { useT, useWord } from '../i18n'
import { keyLabels } from '../keys/bindings'
import type { ActionId } from '../keys/keymap'
import { PaneContext, usePane } from '../pane/PaneContext'
import { Pane } from '../pane/pane'
import { PaneLink } from '../pane/paneLink'
import { ScanStage } from '../pane/ScanStage'
import { failureText } from '../shell/Failure'
import { useCompare } from './compareState'
import { useKindName } from './useOverlays'

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
      <Bar at={at} n={n} canLink={scan !== undefined}>
        <b>
          {scan ? t('compare.earlier') : photo ? t('compare.photo', { number: at - scans.length + 1 }) : ''}
        </b>
        {scan ? <ScanName scan={scan} /> : null}
        {scan?.inspection ? <Outcome of={scan.inspection} /> : null}
      </Bar>
      {scan ? <EarlierStage scan={scan} /> : null}
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

function ScanName({ scan }: { scan: EarlierScan }) {
  return (
    <span className="sx-num">
      {moment(scan.scanned_at)} · {scan.station_id} · <span className="sx-mono">{scan.scan_id}</span>
    </span>
  )
}

/** What opening the box found then: a word that no model and no reviewer has said. */
function Outcome({ of }: { of: NonNullable<EarlierScan['inspection']> }) {
  const t = useT()
  const word = useWord()
  const kindName = useKindName()
  return (
    <span className={`sx-badge${of.result === 'found' ? ' is-warning' : ''}`} title={moment(of.inspected_at)}>
      {t('inspection.title')}: {[word('inspection', of.result), ...of.kinds.map(kindName)].join(' · ')}
    </span>
  )
}

interface BarProps {
  at: number
  n: number
  canLink: boolean
  children: ReactNode
}

function Bar({ at, n, canLink, children }: BarProps) {
  const t = useT()
  const { isLinked, toggleLink, choose, close } = useCompare()
  return (
    <header>
      <BarButton
        action="previousSource"
        name={t('compare.previous')}
        icon={<LeftOutlined />}
        isOff={at === 0}
        onClick={() => choose(at - 1)}
      />
      <span className="sx-num">
        {Math.min(at + 1, n)} / {n}
      </span>
      <BarButton
        action="nextSource"
        name={t('compare.next')}
        icon={<RightOutlined />}
        isOff={at >= n - 1}
        onClick={() => choose(at + 1)}
      />
      {children}
      {canLink ? (
        <BarButton
          action="linkViews"
          name={t('compare.link')}
          icon={isLinked ? <LinkOutlined /> : <DisconnectOutlined />}
          isOn={isLinked}
          onClick={toggleLink}
        >
          {t(isLinked ? 'compare.linked' : 'compare.unlinked')}
        </BarButton>
      ) : null}
      <BarButton action="compare" name={t('compare.close')} icon={<CloseOutlined />} onClick={close} />
    </header>
  )
}

interface BarButtonProps {
  action: ActionId
  name: string
  icon: ReactNode
  isOff?: boolean
  isOn?: boolean
  onClick: () => void
  children?: ReactNode
}

function BarButton({ action, name, icon, isOff, isOn, onClick, children }: BarButtonProps) {
  const keys = keyLabels(action).join(' / ')
  return (
    <button
      type="button"
      className={`sx-button${isOn ? ' is-on' : ''}`}
      aria-label={children ? undefined : name}
      aria-pressed={isOn}
      aria-keyshortcuts={keyLabels(action).join(' ')}
      title={`${name} (${keys})`}
      disabled={isOff}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onClick}
    >
      {icon} {children}
    </button>
  )
}

/** One GL context is the main image's, so that this one is drawn by the CPU. */
function EarlierStage({ scan }: { scan: EarlierScan }) {
  const t = useT()
  const main = usePane()
  const [pane] = useState(() => new Pane({}, { renderer: 'cpu' }))
  const link = useMemo(() => new PaneLink(main, pane), [main, pane])
  const isLinked = useCompare((state) => state.isLinked)
  useEffect(() => link.start(), [link])
  useEffect(() => link.setLinked(isLinked), [link, isLinked])
  useEffect(() => {
    const { scan_id, modality, bit_depth, pixel_pitch_mm, levels } = scan
    pane.show({ key: `earlier/${scan_id}`, modality, bit_depth, pixel_pitch_mm, levels })
    link.align()
  }, [pane, link, scan])
  return (
    <PaneContext.Provider value={pane}>
      <ScanStage scan={scan} label={t('compare.image')} />
    </PaneContext.Provider>
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
