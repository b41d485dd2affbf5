import { afterEach, expect, it } from 'vitest'

import { keepStyles } from './styleCopy'

afterEach(() => document.head.replaceChildren())

function style(text: string): HTMLStyleElement {
  const made = document.createElement('style')
  made.textContent = text
  return made
}

it('follows the styles of the page in their order, and touches none that stay', () => {
  const head = document.implementation.createHTMLDocument().head
  head.replaceChildren()
  const copies = new Map<Node, HTMLElement>()
  const [a, b] = [style('a {}'), style('b {}')]
  const texts = () => [...head.children].map((one) => one.textContent)
  document.head.append(a, b)
  keepStyles(head, copies)
  const first = head.children[1]
  document.head.prepend(style('c {}'))
  a.textContent = 'a { top: 0 }'
  keepStyles(head, copies)
  expect(texts()).toEqual(['c {}', 'a { top: 0 }', 'b {}'])
  expect(head.children[2]).toBe(first)
  a.remove()
  keepStyles(head, copies)
  expect(texts()).toEqual(['c {}', 'b {}'])
})
