import { SplitCellsOutlined } from '@ant-design/icons'

import { useT } from '../i18n'
import { keyLabels } from '../keys/bindings'
import { KeyCap } from '../shell/KeyCap'
import { comparableWith, useCompare } from './compareState'
import { useView } from './useOverlays'

/** Opens what the case can be compared with; its title tells how much that is. */
export function CompareButton() {
  const t = useT()
  const { isOpen, toggle } = useCompare()
  const { nEarlier, nPhotos, n } = comparableWith(useView())
  const counts = t('compare.counts', { earlier: nEarlier, photos: nPhotos })
  return (
    <button
      type="button"
      className={`sx-rail-button${isOpen ? ' is-on' : ''}`}
      aria-pressed={isOpen}
      aria-keyshortcuts={keyLabels('compare').join(' ')}
      disabled={n === 0}
      title={`${counts} (${keyLabels('compare').join(' / ')})`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={toggle}
    >
      <SplitCellsOutlined />
      <span>
        {t('compare.open')}
        {n > 0 ? <b className="sx-num"> {n}</b> : null}
      </span>
      <KeyCap of="compare" />
    </button>
  )
}
