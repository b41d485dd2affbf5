import { type MessageKey, useT } from '../i18n'

type PageName<K = MessageKey> = K extends `nav.${infer Name}` ? Name : never

/** Links to the pages of a role. */
export function PageNav<P extends PageName>({ pages, page }: { pages: readonly P[]; page: P }) {
  const t = useT()
  return (
    <nav className="sx-nav" aria-label={t('nav.label')}>
      {pages.map((name) => (
        <a key={name} href={`#/${name}`} aria-current={name === page ? 'page' : undefined}>
          {t(`nav.${name}` as MessageKey)}
        </a>
      ))}
    </nav>
  )
}
