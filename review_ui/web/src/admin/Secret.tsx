/** What the server tells once: a password, a station's key. It is in no cache and gone when the box closes. */

import { Alert, Button, Modal } from 'antd'
import { useState } from 'react'

import { useT } from '../i18n'
import { pageContainer } from '../shell/container'

export interface Told {
  title: string
  values: readonly { name: string; value: string }[]
}

export function SecretBox({ told, onClose }: { told: Told | null; onClose: () => void }) {
  const t = useT()
  return (
    <Modal
      open={told !== null}
      title={told?.title}
      // Closed by its button alone: a second Enter or Escape must not lose what cannot be shown again.
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      getContainer={pageContainer}
      destroyOnHidden
      footer={
        <Button type="primary" onClick={onClose}>
          {t('secret.done')}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t('secret.once')} />
      <dl className="sx-secret">
        {told?.values.map(({ name, value }) => (
          <Secret key={name} name={name} value={value} />
        ))}
      </dl>
    </Modal>
  )
}

function Secret({ name, value }: { name: string; value: string }) {
  const t = useT()
  const [isCopied, setIsCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(value)
    setIsCopied(true)
  }
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <input
          className="sx-input sx-mono"
          readOnly
          aria-label={name}
          value={value}
          onFocus={(event) => event.target.select()}
        />
        {/* Browsers lend the clipboard to secure origins only. */}
        {window.isSecureContext ? (
          <Button size="small" onClick={() => void copy()}>
            {t(isCopied ? 'secret.copied' : 'secret.copy')}
          </Button>
        ) : null}
      </dd>
    </div>
  )
}
