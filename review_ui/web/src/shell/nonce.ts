/** The nonce that lets antd add its style elements under the page's Content-Security-Policy. */
export function readNonce(): string | undefined {
  const content = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
  // Under the development server nobody has replaced the placeholder.
  return content && !content.startsWith('__') ? content : undefined
}
