/** What is shown when the page itself fails. Work is stored at every change, so a reload loses nothing. */

import { Component, type ReactNode } from 'react'

import { translate } from '../i18n'
import { useSettings } from '../settings'

export class CrashBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    const { locale } = useSettings.getState()
    return (
      <main className="sx-splash" role="alert">
        <h1>{translate(locale, 'app.crashed')}</h1>
        <p>{translate(locale, 'app.crashedHint')}</p>
        <code>{error.message}</code>
        <button type="button" className="sx-button" onClick={() => window.location.reload()}>
          {translate(locale, 'app.reload')}
        </button>
      </main>
    )
  }
}
