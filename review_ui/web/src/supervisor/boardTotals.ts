import type { PortBoard } from '../api/types'

export type Totals = Pick<
  PortBoard,
  'ready' | 'leased' | 'overdue' | 'screening' | 'decided_last_hour' | 'oldest_s'
>

/** Sums over all ports; the oldest of the oldest. */
export function totals(ports: readonly PortBoard[]): Totals {
  const sum = (figure: (port: PortBoard) => number) => ports.reduce((total, port) => total + figure(port), 0)
  const ages = ports.flatMap((port) => (port.oldest_s === null ? [] : [port.oldest_s]))
  return {
    ready: sum((port) => port.ready),
    leased: sum((port) => port.leased),
    overdue: sum((port) => port.overdue),
    screening: sum((port) => port.screening),
    decided_last_hour: sum((port) => port.decided_last_hour),
    oldest_s: ages.length > 0 ? Math.max(...ages) : null,
  }
}
