/** The header all pages share: name, what the page puts in its middle, language and account. */

import { Dropdown, type MenuProps } from 'antd'
import type { ReactNode } from 'react'

import type { LinkState } from '../api/events'
import type { AccountOut, UiConfig } from '../api/types'
import { useT } from '../i18n'
import { useLogOut } from '../session/session'
import { THEMES, UNDO_CHOICES_MS, useSettings } from '../settings'
import { LanguageButton } from './LanguageButton'
import { Shield } from './Shield'

export interface TopBarProps {
  account: AccountOut
  config: UiConfig
  nav?: ReactNode
  children?: ReactNode
  tools?: ReactNode
  link: LinkState | null
  onHelp?: () => void
}

export function TopBar({ account, config, nav, children, tools, link, onHelp }: TopBarProps) {
  const t = useT()
  return (
    <header className="sx-top">
      <div className="sx-top-brand">
        <Shield />
        <h1>{t('app.name')}</h1>
        <span className="sx-top-place">
          {account.port ? `${account.port} · ` : ''}
          {t(`role.${account.role}`)}
        </span>
        {config.demo ? <span className="sx-badge">{t('app.demo')}</span> : null}
      </div>
      {nav}
      <div className="sx-top-middle">{children}</div>
      <div className="sx-top-tools">
        {tools}
        {link ? <LinkDot link={link} /> : null}
        <LanguageButton />
        <AccountMenu account={account} config={config} onHelp={onHelp} />
      </div>
    </header>
  )
}

function LinkDot({ link }: { link: LinkState }) {
  const t = useT()
  const text = t(`glance.${link}`)
  return <span className={`sx-link is-${link}`} role="img" aria-label={text} title={text} />
}

function AccountMenu({ account, config, onHelp }: Pick<TopBarProps, 'account' | 'config' | 'onHelp'>) {
  const t = useT()
  const logOut = useLogOut()
  const { undoMs, setUndoMs, theme, setTheme } = useSettings()
  const undoName = (ms: number) =>
    ms === 0 ? t('menu.undoNone') : t('menu.undoSeconds', { seconds: ms / 1000 })
  const items: MenuProps['items'] = [
    {
      key: 'who',
      type: 'group',
      label: `${account.display_name} · ${account.login}`,
    },
    ...(onHelp
      ? [
          { key: 'help', label: t('menu.help'), extra: 'F1', onClick: onHelp },
          {
            key: 'undo',
            label: `${t('menu.undoWindow')} · ${undoName(undoMs)}`,
            children: UNDO_CHOICES_MS.map((ms) => ({
              key: `undo-${ms}`,
              label: undoName(ms),
              onClick: () => setUndoMs(ms),
            })),
          },
        ]
      : []),
    {
      key: 'theme',
      label: `${t('menu.theme')} · ${t(`theme.${theme}`)}`,
      children: THEMES.map((choice) => ({
        key: `theme-${choice}`,
        label: t(`theme.${choice}`),
        onClick: () => setTheme(choice),
      })),
    },
    { type: 'divider' },
    { key: 'out', label: t('menu.logOut'), onClick: () => void logOut() },
    { key: 'version', disabled: true, label: t('menu.version', { version: config.version }) },
  ]
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <button
        type="button"
        className="sx-avatar"
        aria-label={t('menu.account')}
        title={account.display_name}
        onMouseDown={(event) => event.preventDefault()}
      >
        {[...account.display_name][0] ?? '?'}
      </button>
    </Dropdown>
  )
}
