import { GlobalOutlined } from '@ant-design/icons'

import { useT } from '../i18n'
import { useSettings } from '../settings'

/** Switches between Chinese and English. */
export function LanguageButton() {
  const t = useT()
  const { locale, setLocale } = useSettings()
  const label = t('app.language')
  return (
    <button
      type="button"
      className="sx-language"
      title={label}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => setLocale(locale === 'zh-CN' ? 'en-US' : 'zh-CN')}
    >
      <GlobalOutlined aria-hidden />
      <span className="sx-sr">{label}</span>
      <span className={locale === 'zh-CN' ? 'is-on' : ''}>中</span>/
      <span className={locale === 'en-US' ? 'is-on' : ''}>EN</span>
    </button>
  )
}
