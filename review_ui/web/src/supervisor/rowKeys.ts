import type { KeyboardEvent } from 'react'

/**
 * The up and down keys on a table body whose rows have one button each: they choose the row above or below
 * the chosen one, and its button gets the focus.
 */
export function chooseByArrows<Row>(
  event: KeyboardEvent<HTMLTableSectionElement>,
  rows: readonly Row[],
  chosen: Row | undefined,
  onChoose: (row: Row) => void,
): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const to = (chosen === undefined ? -1 : rows.indexOf(chosen)) + step
  const next = rows[to]
  if (step === 0 || next === undefined) return
  event.preventDefault()
  onChoose(next)
  event.currentTarget.querySelectorAll<HTMLElement>('button')[to]?.focus()
}
