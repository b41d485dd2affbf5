/** Whether the server answers, as the banner says; and how long to wait before it is asked again. */

import type { ApiError } from '../api/client'
import { backoffMs } from './backoff'
import type { Clock, SeatStore } from './seatState'

export class Link {
  readonly #store: SeatStore
  readonly #clock: Clock
  #tries = 0

  constructor(store: SeatStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** The server answered, whatever it said. */
  reached(): void {
    this.#tries = 0
    if (this.#store.getState().isOffline) this.#store.setState({ isOffline: false, retryAtMs: null })
  }

  /** No answer came. Returns how many milliseconds to wait. */
  lost(error: ApiError): number {
    this.#tries += 1
    const wait = backoffMs(this.#tries, this.#clock.random(), error.retryAfterS)
    this.#store.setState({ isOffline: true, retryAtMs: this.#clock.now() + wait })
    return wait
  }
}
