/** The tools at the left edge. */

import {
  AimOutlined,
  BgColorsOutlined,
  BlockOutlined,
  BorderOutlined,
  ColumnWidthOutlined,
  DragOutlined,
  ExpandOutlined,
  EyeInvisibleOutlined,
  EyeOutlined,
  FullscreenOutlined,
  HighlightOutlined,
  LineChartOutlined,
  RetweetOutlined,
  RotateRightOutlined,
  SwapOutlined,
  UndoOutlined,
  ZoomInOutlined,
} from '@ant-design/icons'
import { Fragment, type ReactNode } from 'react'

import { type MessageKey, useT } from '../i18n'
import { keyLabels } from '../keys/bindings'
import type { ActionId } from '../keys/keymap'
import { KeyCap } from '../shell/KeyCap'
import { usePane, usePaneState } from './PaneContext'
import type { PaneState } from './pane'
import { runPaneAction } from './paneActions'

interface RailItem {
  action: ActionId
  text: MessageKey
  icon: ReactNode
  isOn?: (state: PaneState) => boolean
  needsDual?: boolean
}

const isTool = (tool: PaneState['tool']) => (state: PaneState) => state.tool === tool

const GROUPS: readonly RailItem[][] = [
  [
    { action: 'pan', text: 'tool.pan', icon: <DragOutlined />, isOn: isTool('pan') },
    { action: 'magnifier', text: 'tool.magnifier', icon: <ZoomInOutlined />, isOn: isTool('magnifier') },
    { action: 'zoomBox', text: 'tool.zoomBox', icon: <FullscreenOutlined />, isOn: isTool('zoom') },
    { action: 'window', text: 'tool.window', icon: <BgColorsOutlined />, isOn: isTool('window') },
  ],
  [
    { action: 'box', text: 'tool.box', icon: <BorderOutlined />, isOn: isTool('box') },
    { action: 'roi', text: 'tool.roi', icon: <AimOutlined />, isOn: isTool('roi') },
    { action: 'ruler', text: 'tool.ruler', icon: <ColumnWidthOutlined />, isOn: isTool('ruler') },
  ],
  [
    {
      action: 'invert',
      text: 'tool.invert',
      icon: <RetweetOutlined />,
      isOn: (s) => s.view?.inverted ?? false,
    },
    { action: 'flipX', text: 'tool.flipX', icon: <SwapOutlined />, isOn: (s) => s.view?.flippedX ?? false },
    {
      action: 'turnRight',
      text: 'tool.turnRight',
      icon: <RotateRightOutlined />,
      isOn: (s) => (s.view?.turns ?? 0) !== 0,
    },
    {
      action: 'logarithmic',
      text: 'tool.logarithmic',
      icon: <LineChartOutlined />,
      isOn: (s) => s.view?.logarithmic ?? false,
    },
    {
      action: 'density',
      text: 'tool.density',
      icon: <HighlightOutlined />,
      isOn: (s) => (s.view?.highlight ?? null) !== null,
    },
    {
      action: 'channel',
      text: 'tool.channel',
      icon: <BlockOutlined />,
      isOn: (s) => s.view?.channel === 'low',
      needsDual: true,
    },
    { action: 'toggleFindings', text: 'tool.findings', icon: <EyeOutlined />, isOn: (s) => s.showsFindings },
  ],
  [
    { action: 'fit', text: 'tool.fit', icon: <ExpandOutlined /> },
    { action: 'reset', text: 'tool.reset', icon: <UndoOutlined /> },
  ],
]

/** `children` are more buttons, at the end. */
export function ToolRail({ children }: { children?: ReactNode }) {
  const t = useT()
  return (
    <nav className="sx-rail" aria-label={t('tool.label')}>
      {GROUPS.map((items) => (
        <Fragment key={items[0].action}>
          {items.map((item) => (
            <RailButton key={item.action} item={item} />
          ))}
          <hr />
        </Fragment>
      ))}
      {children}
    </nav>
  )
}

function RailButton({ item }: { item: RailItem }) {
  const t = useT()
  const pane = usePane()
  const isOn = usePaneState((state) => item.isOn?.(state) ?? false)
  const isOff = usePaneState((state) => state.scan === null || (item.needsDual === true && !pane.isDual))
  const name = t(item.text)
  const icon = item.action === 'toggleFindings' && !isOn ? <EyeInvisibleOutlined /> : item.icon
  return (
    <button
      type="button"
      className={`sx-rail-button${isOn ? ' is-on' : ''}`}
      aria-pressed={item.isOn ? isOn : undefined}
      aria-keyshortcuts={keyLabels(item.action).join(' ')}
      disabled={isOff}
      title={`${name} (${keyLabels(item.action).join(' / ')})`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => runPaneAction(pane, item.action)}
    >
      {icon}
      <span>{name}</span>
      <KeyCap of={item.action} />
    </button>
  )
}
