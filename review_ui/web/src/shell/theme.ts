/** antd's tokens. The same colours are in styles/base.css for our own elements. */

import { type ThemeConfig, theme } from 'antd'

export const FONT_FAMILY =
  "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', system-ui, sans-serif"

export function pageTheme(basePx: number): ThemeConfig {
  return {
    algorithm: theme.darkAlgorithm,
    token: {
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
      fontFamily: FONT_FAMILY,
      fontSize: basePx,
      controlHeight: Math.round(basePx * 2.15),
      borderRadius: 4,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
    // Letters and what is behind them differ by 4.5:1 (WCAG 2.2 AA).
    components: {
      Button: {
        colorPrimary: '#1f6ae0',
        colorPrimaryHover: '#1b5fcb',
        colorPrimaryActive: '#1857ba',
        colorError: '#ef5c62',
        dangerColor: '#160405',
      },
    },
  }
}
