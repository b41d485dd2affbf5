/** Gives another window of the page its styles, and keeps them the same. */

import { baseSizePx } from './scale'

/** Everything the page's own style sheets say now, antd's made at run time too. */
function allRules(): string {
  return [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .map((rule) => rule.cssText)
    .join('\n')
}

/**
 * Dresses `place` as the page: styles, theme, language, and a base size of its own.
 *
 * A constructed sheet needs neither a nonce nor a request, so that nothing is drawn without its style. Returns the
 * way to stop following the page.
 */
export function dress(place: Window): () => void {
  const { document: its } = place
  const sheet = new (place as Window & typeof globalThis).CSSStyleSheet()
  its.adoptedStyleSheets = [sheet]
  const copyRules = () => sheet.replaceSync(allRules())
  const copyRoot = () => {
    its.documentElement.dataset.theme = document.documentElement.dataset.theme
    its.documentElement.lang = document.documentElement.lang
  }
  const measure = () => {
    its.documentElement.style.fontSize = `${baseSizePx(place.innerWidth, place.innerHeight)}px`
  }
  const rules = new MutationObserver(copyRules)
  rules.observe(document.head, { childList: true, subtree: true, characterData: true })
  const root = new MutationObserver(copyRoot)
  root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'lang'] })
  // A style sheet that is fetched says something only when it is here.
  document.head.addEventListener('load', copyRules, true)
  place.addEventListener('resize', measure)
  copyRules()
  copyRoot()
  measure()
  return () => {
    rules.disconnect()
    root.disconnect()
    document.head.removeEventListener('load', copyRules, true)
  }
}
