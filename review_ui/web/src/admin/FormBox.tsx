/** A box with a form: Enter in any field sends it, and it says why it was refused. */

import { Alert, Form, type FormInstance, Modal } from 'antd'
import type { ReactNode } from 'react'

import { pageContainer } from '../shell/container'
import type { Action } from './useAction'

export interface FormBoxProps<Values> {
  isOpen: boolean
  title: string
  okText: string
  form: FormInstance<Values>
  initialValues?: Partial<Values>
  action: Action
  onSubmit: (values: Values) => void
  onClose: () => void
  children: ReactNode
}

export function FormBox<Values extends object>({
  isOpen,
  title,
  okText,
  form,
  initialValues,
  action,
  onSubmit,
  onClose,
  children,
}: FormBoxProps<Values>) {
  const close = () => {
    action.clear()
    onClose()
  }
  return (
    <Modal
      open={isOpen}
      title={title}
      okText={okText}
      confirmLoading={action.isBusy}
      okButtonProps={{ htmlType: 'submit' }}
      onCancel={close}
      getContainer={pageContainer}
      forceRender
      modalRender={(box) => (
        <Form
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={initialValues}
          onFinish={onSubmit}
        >
          {box}
        </Form>
      )}
    >
      {action.problem ? <Alert type="error" showIcon title={action.problem} /> : null}
      {children}
    </Modal>
  )
}
