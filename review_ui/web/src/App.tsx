/** Language, theme, server data, and the page that belongs to the role. */

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ConfigProvider } from 'antd'
import enUSAntd from 'antd/locale/en_US'
import zhCNAntd from 'antd/locale/zh_CN'
import { lazy, Suspense, useEffect, useMemo } from 'react'

import { isTransient } from './api/client'
import type { AccountOut, UiConfig } from './api/types'
import { translate } from './i18n'
import { useSession, useUiConfig } from './session/session'
import { useSettings } from './settings'
import { readNonce } from './shell/nonce'
import { Splash } from './shell/Splash'
import { useBaseSize } from './shell/scale'
import { antdTheme, useTheme } from './shell/theme'

const Login = lazy(() => import('./session/Login'))
const ReviewerApp = lazy(() => import('./review/ReviewerApp'))
const SupervisorApp = lazy(() => import('./supervisor/SupervisorApp'))
const AdminApp = lazy(() => import('./admin/AdminApp'))
const AuditorApp = lazy(() => import('./auditor/AuditorApp'))

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => isTransient(error) && count < 3,
      refetchOnWindowFocus: false,
      staleTime: 30_000,
    },
  },
})
const csp = { nonce: readNonce() }

export function App() {
  const locale = useSettings((settings) => settings.locale)
  const basePx = useBaseSize()
  const themeName = useTheme()
  const theme = useMemo(() => antdTheme(basePx, themeName), [basePx, themeName])
  useEffect(() => {
    document.documentElement.lang = locale
    document.title = translate(locale, 'app.name')
  }, [locale])
  return (
    <ConfigProvider csp={csp} locale={locale === 'zh-CN' ? zhCNAntd : enUSAntd} theme={theme}>
      <QueryClientProvider client={queryClient}>
        <Suspense fallback={<Splash />}>
          <Gate />
        </Suspense>
      </QueryClientProvider>
    </ConfigProvider>
  )
}

function Gate() {
  const config = useUiConfig()
  const session = useSession()
  if (config.error || session.error) {
    return (
      <Splash
        error={config.error ?? session.error}
        onRetry={() => void Promise.all([config.refetch(), session.refetch()])}
      />
    )
  }
  if (!config.data || session.data === undefined) return <Splash />
  if (session.data === null) return <Login demo={config.data.demo} />
  return <RolePage account={session.data} config={config.data} />
}

function RolePage({ account, config }: { account: AccountOut; config: UiConfig }) {
  if (account.role === 'reviewer')
    return <ReviewerApp key={account.account_id} account={account} config={config} />
  if (account.role === 'admin') return <AdminApp key={account.account_id} account={account} config={config} />
  if (account.role === 'auditor')
    return <AuditorApp key={account.account_id} account={account} config={config} />
  return <SupervisorApp key={account.account_id} account={account} config={config} />
}
