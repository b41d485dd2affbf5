/** Gives another window of the page its styles, and keeps them the same. */

import { baseSizePx } from './scale'

/** Dresses `place` as the page: styles, theme, language, and a base size of its own. Returns the way to stop. */
export function dress(place: Window): () => void {
  const { document: its } = place
  const copies = new Map<Node, HTMLElement>()
  const copyStyles = () => keepStyles(its.head, copies)
  const copyRoot = () => {
    its.documentElement.dataset.theme = document.documentElement.dataset.theme
    its.documentElement.lang = document.documentElement.lang
  }
  const measure = () => {
    its.documentElement.style.fontSize = `${baseSizePx(place.innerWidth, place.innerHeight)}px`
  }
  const styles = new MutationObserver(copyStyles)
  styles.observe(document.head, { childList: true, subtree: true, characterData: true })
  const root = new MutationObserver(copyRoot)
  root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'lang'] })
  place.addEventListener('resize', measure)
  copyStyles()
  copyRoot()
  measure()
  return () => {
    styles.disconnect()
    root.disconnect()
  }
}

/**
 * Makes `head` have the style elements of this document, antd's made at run time too, in their order.
 *
 * Elements, not the text of their rules: a rule whose shorthand names a variable does not give its text back whole.
 */
export function keepStyles(head: HTMLHeadElement, copies: Map<Node, HTMLElement>): void {
  const sources = [...document.head.querySelectorAll<HTMLElement>('style, link[rel="stylesheet"]')]
  let next: HTMLElement | null = null
  for (const source of sources.reverse()) {
    const copy = copies.get(source) ?? head.ownerDocument.importNode(source, true)
    copies.set(source, copy)
    // The copy of a nonce is not seen by the content security policy everywhere.
    if (copy.nonce !== source.nonce) copy.nonce = source.nonce
    if (copy.textContent !== source.textContent) copy.textContent = source.textContent
    if (copy.parentNode !== head || copy.nextElementSibling !== next) head.insertBefore(copy, next)
    next = copy
  }
  for (const [source, copy] of copies) {
    if (source.isConnected) continue
    copy.remove()
    copies.delete(source)
  }
}
