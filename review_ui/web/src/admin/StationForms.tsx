/** A new station, and a new key for one that is there. */

import { Form, Input, Select } from 'antd'

import { type CredentialsOut, createStation, rotateKey, type StationIn } from '../api/office'
import { useT } from '../i18n'
import { usePortOptions } from './AccountForm'
import { FormBox } from './FormBox'
import { STATIONS } from './keys'
import { useAction } from './useAction'

const HOUR_S = 3600
const OVERLAPS_S = [0, HOUR_S, 24 * HOUR_S, 7 * 24 * HOUR_S, 30 * 24 * HOUR_S]

export interface StationFormProps {
  isOpen: boolean
  onClose: () => void
  onMade: (given: CredentialsOut) => void
}

export function StationForm({ isOpen, onClose, onMade }: StationFormProps) {
  const t = useT()
  const [form] = Form.useForm<StationIn>()
  const ports = usePortOptions(isOpen)
  const action = useAction(STATIONS)
  const submit = async (values: StationIn) => {
    const isMade = await action.run(async () => {
      const given = await createStation({ ...values, webhook_url: values.webhook_url || null })
      onClose()
      onMade(given)
    })
    if (isMade) form.resetFields()
  }
  const required = [{ required: true, message: t('login.required') }]
  return (
    <FormBox
      isOpen={isOpen}
      title={t('stations.new')}
      okText={t('office.create')}
      form={form}
      action={action}
      onSubmit={submit}
      onClose={onClose}
    >
      <Form.Item
        name="station_id"
        label={t('stations.id')}
        extra={t('stations.idHint')}
        rules={[...required, { pattern: /^[A-Za-z0-9_-]{1,40}$/, message: t('stations.idHint') }]}
      >
        <Input maxLength={40} autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name="port" label={t('history.port')} extra={t('stations.portHint')} rules={required}>
        <Select options={ports} />
      </Form.Item>
      <Form.Item name="name" label={t('accounts.name')} rules={required}>
        <Input maxLength={80} autoComplete="off" />
      </Form.Item>
      <Form.Item name="webhook_url" label={t('stations.webhook')} extra={t('stations.webhookHint')}>
        <Input maxLength={500} autoComplete="off" placeholder="https://…" spellCheck={false} />
      </Form.Item>
    </FormBox>
  )
}

export interface RotateFormProps {
  stationId: string | null
  onClose: () => void
  onMade: (given: CredentialsOut) => void
}

export function RotateForm({ stationId, onClose, onMade }: RotateFormProps) {
  const t = useT()
  const [form] = Form.useForm<{ graceS: number }>()
  const action = useAction(STATIONS)
  const submit = ({ graceS }: { graceS: number }) =>
    void action.run(async () => {
      if (stationId === null) return
      const given = await rotateKey(stationId, graceS)
      onClose()
      onMade(given)
    })
  const overlapName = (seconds: number) => {
    if (seconds === 0) return t('stations.overlapNone')
    const hours = seconds / HOUR_S
    return hours < 24
      ? t('stations.overlapHours', { n: hours })
      : t('stations.overlapDays', { n: hours / 24 })
  }
  return (
    <FormBox
      isOpen={stationId !== null}
      title={t('stations.rotateOf', { station: stationId ?? '' })}
      okText={t('stations.rotate')}
      form={form}
      initialValues={{ graceS: 24 * HOUR_S }}
      action={action}
      onSubmit={submit}
      onClose={onClose}
    >
      <Form.Item name="graceS" label={t('stations.overlap')} extra={t('stations.overlapHint')}>
        <Select options={OVERLAPS_S.map((value) => ({ value, label: overlapName(value) }))} />
      </Form.Item>
    </FormBox>
  )
}
