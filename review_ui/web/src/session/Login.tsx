/** The login page. */

import { LockOutlined, UserOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input } from 'antd'
import { type KeyboardEvent, useEffect, useState } from 'react'

import { ApiError } from '../api/client'
import { logIn } from '../api/endpoints'
import type { LoginIn } from '../api/types'
import { type Translate, useT } from '../i18n'
import { LanguageButton } from '../shell/LanguageButton'
import { Shield } from '../shell/Shield'
import { SESSION_KEY, useLoginReason } from './session'

export default function Login({ demo }: { demo: boolean }) {
  const t = useT()
  const client = useQueryClient()
  const reason = useLoginReason((state) => state.reason)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const [hasCapsLock, setHasCapsLock] = useState(false)
  useEffect(() => void import('../review/ReviewerApp'), [])

  const submit = async (credentials: LoginIn) => {
    setIsBusy(true)
    setProblem(null)
    try {
      const account = await logIn({ ...credentials, login: credentials.login.trim() })
      client.setQueryData(SESSION_KEY, account)
    } catch (error) {
      setProblem(problemText(t, error))
      setIsBusy(false)
    }
  }
  const watchCapsLock = (event: KeyboardEvent) => setHasCapsLock(event.getModifierState('CapsLock'))
  const required = [{ required: true, message: t('login.required') }]
  return (
    <main className="sx-login">
      <div className="sx-login-corner">
        <LanguageButton />
      </div>
      <section className="sx-login-card" aria-labelledby="login-title">
        <header>
          <Shield />
          <div>
            <h1 id="login-title">{t('app.name')}</h1>
            <p>{t('login.subtitle')}</p>
          </div>
        </header>
        {demo ? <span className="sx-badge">{t('app.demo')}</span> : null}
        <div className="sx-login-message" aria-live="polite">
          {problem ? <Alert type="error" showIcon title={problem} /> : <ReasonAlert reason={reason} />}
        </div>
        <Form layout="vertical" requiredMark={false} onFinish={submit} disabled={isBusy}>
          <Form.Item name="login" label={t('login.login')} rules={required}>
            <Input
              prefix={<UserOutlined />}
              autoComplete="username"
              autoFocus
              maxLength={40}
              spellCheck={false}
            />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('login.password')}
            rules={required}
            extra={<span className="sx-caps">{hasCapsLock ? t('login.capsLock') : ''}</span>}
          >
            <Input.Password
              prefix={<LockOutlined />}
              autoComplete="current-password"
              maxLength={200}
              onKeyUp={watchCapsLock}
            />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={isBusy} size="large">
            {t('login.submit')}
          </Button>
        </Form>
      </section>
    </main>
  )
}

function ReasonAlert({ reason }: { reason: 'first' | 'ended' | 'loggedOut' }) {
  const t = useT()
  if (reason === 'ended') return <Alert type="warning" showIcon title={t('login.ended')} />
  if (reason === 'loggedOut') return <Alert type="success" showIcon title={t('login.loggedOut')} />
  return null
}

function problemText(t: Translate, error: unknown): string {
  if (!(error instanceof ApiError)) return t('login.failed', { code: String(error) })
  if (error.code === 'login_refused') return t('login.refused')
  if (error.status === 429) return t('login.throttled', { seconds: Math.ceil(error.retryAfterS ?? 30) })
  return error.status === 0 ? t('login.offline') : t('login.failed', { code: error.code })
}
