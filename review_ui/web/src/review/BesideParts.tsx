/** What any other image beside the current scan has in common: a bar, the image itself, what the box held. */

import {
  CloseOutlined,
  DisconnectOutlined,
  LeftOutlined,
  LinkOutlined,
  RightOutlined,
} from '@ant-design/icons'
import { type ReactNode, useEffect, useMemo, useState } from 'react'

import type { OtherScan } from '../api/types'
import { moment } from '../format'
import { useT, useWord } from '../i18n'
import { keyLabels } from '../keys/bindings'
import type { ActionId } from '../keys/keymap'
import { PaneContext, usePane } from '../pane/PaneContext'
import { Pane } from '../pane/pane'
import { PaneLink } from '../pane/paneLink'
import { ScanStage } from '../pane/ScanStage'
import { useCompare } from './compareState'
import { useKindName } from './useOverlays'

export function ScanName({ scan }: { scan: OtherScan }) {
  return (
    <span className="sx-num">
      {moment(scan.scanned_at)} · {scan.station_id} · <span className="sx-mono">{scan.scan_id}</span>
    </span>
  )
}

/** What opening the box found then: a word that no model and no reviewer has said. */
export function Outcome({ of }: { of: NonNullable<OtherScan['inspection']> }) {
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
  /** Closes what is open. */
  action: 'compare' | 'lookalikes'
  children: ReactNode
}

/** Above the other image: which of how many it is, and what it is. */
export function Bar({ at, n, canLink, action, children }: BarProps) {
  const t = useT()
  const { isLinked, toggleLink, choose, count, close } = useCompare()
  useEffect(() => count(n), [count, n])
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
      <BarButton action={action} name={t('compare.close')} icon={<CloseOutlined />} onClick={close} />
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

export function BarButton({ action, name, icon, isOff, isOn, onClick, children }: BarButtonProps) {
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
export function OtherStage({ scan, label }: { scan: OtherScan; label: string }) {
  const main = usePane()
  const [pane] = useState(() => new Pane({}, { renderer: 'cpu' }))
  const link = useMemo(() => new PaneLink(main, pane), [main, pane])
  const isLinked = useCompare((state) => state.isLinked)
  useEffect(() => link.start(), [link])
  useEffect(() => link.setLinked(isLinked), [link, isLinked])
  useEffect(() => {
    const { scan_id, modality, bit_depth, pixel_pitch_mm, levels } = scan
    pane.show({ key: `other/${scan_id}`, modality, bit_depth, pixel_pitch_mm, levels })
    link.align()
  }, [pane, link, scan])
  return (
    <PaneContext.Provider value={pane}>
      <ScanStage scan={scan} label={label} />
    </PaneContext.Provider>
  )
}
