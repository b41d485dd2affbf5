/** Dark or light: what a person chose, else the system's; and antd's tokens for it. */

import { type ThemeConfig, theme } from 'antd'
import { useSyncExternalStore } from 'react'

import { type ThemeChoice, useSettings } from '../settings'

export type Theme = 'dark' | 'light'

export const FONT_FAMILY =
  "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', system-ui, sans-serif"

const systemIsLight = window.matchMedia('(prefers-color-scheme: light)')

export function themeOf(choice: ThemeChoice, isSystemLight: boolean): Theme {
  if (choice !== 'system') return choice
  return isSystemLight ? 'light' : 'dark'
}

const themeNow = (): Theme => themeOf(useSettings.getState().theme, systemIsLight.matches)

function onChange(listener: () => void): () => void {
  systemIsLight.addEventListener('change', listener)
  const leave = useSettings.subscribe(listener)
  return () => {
    systemIsLight.removeEventListener('change', listener)
    leave()
  }
}

/**
 * Keeps the theme in force on the page: styles/colours.css has its colours. Called before the page is drawn, so
 * that it never shows in the other theme, and whatever reads a colour while it is drawn reads the new one.
 */
export function keepTheme(): void {
  const put = () => {
    document.documentElement.dataset.theme = themeNow()
  }
  put()
  onChange(put)
}

/** The theme in force. */
export function useTheme(): Theme {
  return useSyncExternalStore(onChange, themeNow)
}

/** The colours of styles/colours.css that antd works its own out from. */
const TOKENS = {
  dark: {
    colorPrimary: '#3d8bfd',
    colorSuccess: '#34c98a',
    colorWarning: '#e8a33d',
    colorError: '#ef5c62',
    colorInfo: '#3d8bfd',
    colorBgBase: '#0c1117',
    colorBgContainer: '#131a23',
    colorBgElevated: '#1a222d',
    colorBgLayout: '#0c1117',
    colorBorder: '#2c3846',
    colorBorderSecondary: '#222c38',
    colorText: '#dfe6ee',
    colorTextSecondary: '#9aa8b8',
    colorTextDescription: '#9aa8b8',
  },
  light: {
    colorPrimary: '#0b5fd7',
    colorSuccess: '#0b7047',
    colorWarning: '#855000',
    colorError: '#bb222a',
    colorInfo: '#0b5fd7',
    colorBgBase: '#ffffff',
    colorBgContainer: '#ffffff',
    colorBgElevated: '#ffffff',
    colorBgLayout: '#eef1f5',
    colorBorder: '#a7b3c1',
    colorBorderSecondary: '#d5dce4',
    colorText: '#17202b',
    colorTextSecondary: '#404c59',
    colorTextDescription: '#404c59',
  },
}

/** Letters and what is behind them differ by 4.5:1 (WCAG 2.2 AA). */
const BUTTON = {
  dark: {
    colorPrimary: '#1f6ae0',
    colorPrimaryHover: '#1b5fcb',
    colorPrimaryActive: '#1857ba',
    colorError: '#ef5c62',
    dangerColor: '#160405',
  },
  light: { colorPrimaryHover: '#0a55c2', colorPrimaryActive: '#094bab' },
}

export function antdTheme(basePx: number, name: Theme): ThemeConfig {
  return {
    algorithm: name === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      ...TOKENS[name],
      fontFamily: FONT_FAMILY,
      fontSize: basePx,
      controlHeight: Math.round(basePx * 2.15),
      borderRadius: 4,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
    components: { Button: BUTTON[name] },
  }
}
