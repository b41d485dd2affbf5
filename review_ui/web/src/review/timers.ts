/** Named one-shot timers: setting one again replaces it. */
export class Timers<Name extends string> {
  readonly #running = new Map<Name, ReturnType<typeof setTimeout>>()

  after(name: Name, delayMs: number, run: () => void): void {
    this.clear(name)
    const once = () => {
      this.#running.delete(name)
      run()
    }
    this.#running.set(name, setTimeout(once, Math.max(0, delayMs)))
  }

  has(name: Name): boolean {
    return this.#running.has(name)
  }

  clear(...names: Name[]): void {
    for (const name of names) {
      clearTimeout(this.#running.get(name))
      this.#running.delete(name)
    }
  }

  clearAll(): void {
    this.clear(...this.#running.keys())
  }
}
