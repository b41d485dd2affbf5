/**
 * Where boxes of antd are put: inside the page's own element. In the body they would lock its scrolling with a
 * style element that carries no nonce, which the content security policy refuses; the page never scrolls.
 */
export function pageContainer(): HTMLElement {
  return document.getElementById('root') ?? document.body
}
