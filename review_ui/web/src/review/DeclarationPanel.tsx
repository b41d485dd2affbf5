/** What the declarant says is inside. Nothing in it is certain to be there. */

import { WarningFilled } from '@ant-design/icons'

import type { Declaration, DeclarationLine, ScreeningOut } from '../api/types'
import { grouped, hsCode, masked } from '../format'
import { useT } from '../i18n'

export interface DeclarationPanelProps {
  declaration: Declaration | null
  /** The model's word on each line; null if it was not asked. */
  checks: ScreeningOut['line_checks']
  /** Without the parties, as below the findings. */
  isBrief?: boolean
}

export function DeclarationPanel({ declaration, checks, isBrief = false }: DeclarationPanelProps) {
  const t = useT()
  const lines = declaration?.lines ?? []
  return (
    <section className="sx-declaration" aria-label={t('declaration.title')}>
      <h2>
        {t('declaration.title')}
        {declaration ? <Summary declaration={declaration} isBrief={isBrief} /> : null}
      </h2>
      {declaration ? null : <p className="sx-panel-note">{t('declaration.none')}</p>}
      {declaration?.declared_empty ? (
        <p className="sx-panel-note is-warning">
          <WarningFilled /> {t('declaration.emptyHint')}
        </p>
      ) : null}
      {declaration && !isBrief ? <Parties declaration={declaration} /> : null}
      {lines.length > 0 ? <Lines lines={lines} checks={checks} /> : null}
      {declaration ? <WeightWarning declaration={declaration} lines={lines} /> : null}
    </section>
  )
}

function Summary({ declaration, isBrief }: { declaration: Declaration; isBrief: boolean }) {
  const t = useT()
  const parts = [
    isBrief && declaration.declaration_no
      ? `${t('declaration.no')} ${masked(declaration.declaration_no)}`
      : null,
    declaration.declared_empty
      ? t('declaration.empty')
      : t('declaration.lines', { count: declaration.lines?.length ?? 0 }),
    declaration.gross_weight_kg != null ? `${grouped(declaration.gross_weight_kg)} kg` : null,
  ]
  return <small>{parts.filter(Boolean).join(' · ')}</small>
}

function Parties({ declaration }: { declaration: Declaration }) {
  const t = useT()
  return (
    <dl className="sx-parties">
      <dt>{t('declaration.no')}</dt>
      <dd className="sx-mono">{declaration.declaration_no ?? '–'}</dd>
      <dt>{t('declaration.consignor')}</dt>
      <dd>{declaration.consignor ?? '–'}</dd>
      <dt>{t('declaration.consignee')}</dt>
      <dd>{declaration.consignee ?? '–'}</dd>
      <dt>{t('declaration.weight')}</dt>
      <dd className="sx-num">{grouped(declaration.gross_weight_kg)} kg</dd>
    </dl>
  )
}

interface LinesProps {
  lines: readonly DeclarationLine[]
  checks: DeclarationPanelProps['checks']
}

function Lines({ lines, checks }: LinesProps) {
  const t = useT()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">{t('declaration.goods')}</th>
          <th scope="col">{t('declaration.quantity')}</th>
          <th scope="col">{t('declaration.lineWeight')}</th>
          <th scope="col" title={t('declaration.checkHint')}>
            {t('declaration.check')}
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, index) => (
          <tr key={line.line_no ?? index}>
            <td className="sx-num">{line.line_no ?? index + 1}</td>
            <td>
              {line.description ?? '–'}
              <small className="sx-mono">{hsCode(line.hs_code ?? '')}</small>
            </td>
            <td className="sx-num">
              {grouped(line.quantity)} {line.unit ?? ''}
            </td>
            <td className="sx-num">{grouped(line.gross_weight_kg)}</td>
            <td>
              <span className={`sx-line-check is-${checks?.[index] ?? 'none'}`}>
                {t(`check.${checks?.[index] ?? 'none'}`)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const TOLERANCE = 0.02

function WeightWarning({
  declaration,
  lines,
}: {
  declaration: Declaration
  lines: readonly DeclarationLine[]
}) {
  const t = useT()
  const total = declaration.gross_weight_kg
  const weights = lines.map((line) => line.gross_weight_kg)
  if (total == null || total === 0 || weights.length === 0 || weights.some((weight) => weight == null))
    return null
  const sum = weights.reduce<number>((a, b) => a + (b ?? 0), 0)
  if (Math.abs(sum - total) <= total * TOLERANCE) return null
  return <p className="sx-panel-note is-warning">{t('declaration.weightDiffers', { sum: grouped(sum) })}</p>
}
