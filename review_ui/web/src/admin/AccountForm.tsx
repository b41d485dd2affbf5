/** A new account: login, name, one role, and what decides which cases a reviewer gets. */

import { useQuery } from '@tanstack/react-query'
import { Form, Input, Select } from 'antd'

import { createAccount, getPorts, type NewAccount, type PasswordOut } from '../api/office'
import type { Role } from '../api/types'
import { usePick, useT } from '../i18n'
import { FormBox } from './FormBox'
import { ACCOUNTS } from './keys'
import { useAction } from './useAction'

const ROLES: readonly Role[] = ['reviewer', 'supervisor', 'auditor', 'admin']
const QUALS = Array.from({ length: 63 }, (_, bit) => ({ value: bit, label: String(bit) }))

export interface AccountFormProps {
  isOpen: boolean
  onClose: () => void
  onMade: (given: PasswordOut) => void
}

export function AccountForm({ isOpen, onClose, onMade }: AccountFormProps) {
  const t = useT()
  const [form] = Form.useForm<NewAccount>()
  const role = Form.useWatch('role', form)
  const ports = usePortOptions(isOpen)
  const action = useAction(ACCOUNTS)
  const submit = async (values: NewAccount) => {
    const isReviewer = values.role === 'reviewer'
    const body = {
      ...values,
      port: isReviewer ? (values.port ?? null) : null,
      quals: isReviewer ? (values.quals ?? []) : [],
    }
    const isMade = await action.run(async () => {
      const given = await createAccount(body)
      onClose()
      onMade(given)
    })
    if (isMade) form.resetFields()
  }
  const required = [{ required: true, message: t('login.required') }]
  return (
    <FormBox
      isOpen={isOpen}
      title={t('accounts.new')}
      okText={t('office.create')}
      form={form}
      initialValues={{ quals: [] }}
      action={action}
      onSubmit={submit}
      onClose={onClose}
    >
      <Form.Item
        name="login"
        label={t('login.login')}
        extra={t('accounts.loginHint')}
        rules={[...required, { pattern: /^[a-z0-9._-]{2,40}$/, message: t('accounts.loginHint') }]}
      >
        <Input maxLength={40} autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name="display_name" label={t('accounts.name')} rules={required}>
        <Input maxLength={80} autoComplete="off" />
      </Form.Item>
      <Form.Item name="role" label={t('accounts.role')} extra={t('accounts.roleHint')} rules={required}>
        <Select options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} />
      </Form.Item>
      {role === 'reviewer' ? (
        <>
          <Form.Item name="port" label={t('accounts.ownPort')} extra={t('accounts.ownPortHint')}>
            <Select allowClear options={ports} />
          </Form.Item>
          <Form.Item name="quals" label={t('accounts.quals')} extra={t('accounts.qualsHint')}>
            <Select mode="multiple" options={QUALS} />
          </Form.Item>
        </>
      ) : null}
    </FormBox>
  )
}

/** The ports as choices, read when they are needed. */
export function usePortOptions(isNeeded: boolean): { value: string; label: string }[] {
  const pick = usePick()
  const ports = useQuery({ queryKey: ['admin', 'ports'], queryFn: getPorts, enabled: isNeeded })
  return (ports.data ?? []).map(({ code, name_zh, name_en }) => ({
    value: code,
    label: `${pick({ zh: name_zh, en: name_en }, code)} ${code}`,
  }))
}
