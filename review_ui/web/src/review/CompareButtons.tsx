/** Open what the case can be compared with. */

import { CopyOutlined, SplitCellsOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'

import { useT } from '../i18n'
import { keyLabels } from '../keys/bindings'
import { KeyCap } from '../shell/KeyCap'
import { type Beside, comparableWith, useCompare } from './compareState'
import { useView } from './useOverlays'

export function CompareButtons() {
  const t = useT()
  const view = useView()
  const { nEarlier, nPhotos, n } = comparableWith(view)
  return (
    <>
      <RailButton
        beside="container"
        action="compare"
        icon={<SplitCellsOutlined />}
        title={t('compare.counts', { earlier: nEarlier, photos: nPhotos })}
        isOff={n === 0}
      >
        {t('compare.open')}
        {n > 0 ? <b className="sx-num"> {n}</b> : null}
      </RailButton>
      <RailButton
        beside="lookalikes"
        action="lookalikes"
        icon={<CopyOutlined />}
        title={t('key.lookalikes')}
        isOff={view === null}
      >
        {t('lookalikes.open')}
      </RailButton>
    </>
  )
}

interface RailButtonProps {
  beside: Beside
  action: 'compare' | 'lookalikes'
  icon: ReactNode
  title: string
  isOff: boolean
  children: ReactNode
}

function RailButton({ beside, action, icon, title, isOff, children }: RailButtonProps) {
  const isOn = useCompare((state) => state.beside === beside)
  const toggle = useCompare((state) => state.toggle)
  return (
    <button
      type="button"
      className={`sx-rail-button${isOn ? ' is-on' : ''}`}
      aria-pressed={isOn}
      aria-keyshortcuts={keyLabels(action).join(' ')}
      disabled={isOff}
      title={`${title} (${keyLabels(action).join(' / ')})`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => toggle(beside)}
    >
      {icon}
      <span>{children}</span>
      <KeyCap of={action} />
    </button>
  )
}
