/** The rules in five forms. A field knows whether it differs from the rule in force, and whether it can be. */

import type { PolicyBody, QueuePolicyOut } from '../../api/types'
import { usePick, useT, useWord } from '../../i18n'
import { BitsField, NumberField, type NumberFieldProps } from './NumberField'
import { ReasonForm } from './ReasonForm'
import {
  bandOf,
  LAST_BAND,
  MODALITIES,
  N_BANDS,
  REASONS,
  type RuleChange,
  type RulePath,
  SECOND_REVIEW_VERDICTS,
} from './rules'

export interface RuleFormsProps {
  stored: QueuePolicyOut
  policy: PolicyBody
  changes: readonly RuleChange[]
  faults: ReadonlySet<RulePath>
  isLocked: boolean
  onChange: (policy: PolicyBody) => void
}

type ScalarName = {
  [Name in keyof PolicyBody]: PolicyBody[Name] extends number ? Name : never
}[keyof PolicyBody]
type ShiftName = 'shift_by_port' | 'shift_by_modality' | 'shift_by_reason'
type QualsName = 'quals_by_modality' | 'quals_by_reason'

export function RuleForms(props: RuleFormsProps) {
  const t = useT()
  return (
    <fieldset className="sx-rules" disabled={props.isLocked}>
      <legend className="sx-sr">{t('policy.rules')}</legend>
      <BandForm {...props} />
      <DueForm {...props} />
      <SecondReviewForm {...props} />
      <ReasonForm {...props} />
      <PaceForm {...props} />
    </fieldset>
  )
}

/** What a field needs to know of its path. */
function marks({ changes, faults }: RuleFormsProps, path: RulePath) {
  return { isChanged: changes.some((change) => change.path === path), isFaulty: faults.has(path) }
}

function without<T>(values: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([one]) => one !== key))
}

function Shift(props: RuleFormsProps & { name: ShiftName; of: string; label: string }) {
  const { policy, onChange, name, of, label } = props
  const values = policy[name] as Record<string, number>
  return (
    <NumberField
      {...marks(props, `${name}.${of}`)}
      label={label}
      isLabelHidden
      isOptional
      placeholder="0"
      value={values[of] ?? null}
      onChange={(value) =>
        onChange({ ...policy, [name]: value === null ? without(values, of) : { ...values, [of]: value } })
      }
    />
  )
}

function Quals(props: RuleFormsProps & { name: QualsName; of: string; label: string }) {
  const { policy, onChange, name, of, label } = props
  const values = policy[name] as Record<string, number[]>
  return (
    <BitsField
      {...marks(props, `${name}.${of}`)}
      label={label}
      isLabelHidden
      value={values[of] ?? []}
      onChange={(bits) =>
        onChange({ ...policy, [name]: bits.length === 0 ? without(values, of) : { ...values, [of]: bits } })
      }
    />
  )
}

function Scalar(props: RuleFormsProps & { name: ScalarName } & Pick<NumberFieldProps, 'scale' | 'unit'>) {
  const { policy, onChange, name, ...rest } = props
  const word = useWord()
  return (
    <NumberField
      {...marks(props, name)}
      scale={rest.scale}
      unit={rest.unit}
      label={word('rule', name)}
      value={policy[name]}
      onChange={(value) => onChange({ ...policy, [name]: value ?? Number.NaN })}
    />
  )
}

function BandForm(props: RuleFormsProps) {
  const t = useT()
  const word = useWord()
  const pick = usePick()
  const { stored, policy } = props
  return (
    <section>
      <h3>{t('policy.bands')}</h3>
      <p className="sx-panel-note">
        {t('policy.bandsHint', {
          risks: stored.band_of_risk.map(([floor, band]) => `≥${floor} → ${band}`).join('  '),
          last: LAST_BAND,
        })}
      </p>
      <table className="sx-table is-dense">
        <thead>
          <tr>
            <th scope="col">{t('policy.kind')}</th>
            <th scope="col">{t('policy.baseBand')}</th>
            <th scope="col">{t('policy.shift')}</th>
            <th scope="col">{t('policy.bandThen')}</th>
            <th scope="col">{t('policy.quals')}</th>
          </tr>
        </thead>
        <tbody>
          {REASONS.map((reason) => (
            <BandRow
              key={reason}
              {...props}
              name={word('reason', reason)}
              of={reason}
              shift="shift_by_reason"
              quals="quals_by_reason"
              base={stored.band_of_reason[reason]}
              then={bandOf(policy, stored.band_of_reason as Record<string, number>, reason)}
            />
          ))}
          {MODALITIES.map((modality) => (
            <BandRow
              key={modality}
              {...props}
              name={word('modality', modality)}
              of={modality}
              shift="shift_by_modality"
              quals="quals_by_modality"
            />
          ))}
          {stored.ports.map(({ port, name_zh, name_en }) => (
            <BandRow
              key={port}
              {...props}
              name={pick({ zh: name_zh, en: name_en }, port)}
              code={port}
              of={port}
              shift="shift_by_port"
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface BandRowProps extends RuleFormsProps {
  name: string
  code?: string
  /** Which entry of the rules the row is about. */
  of: string
  shift: ShiftName
  quals?: QualsName
  base?: number
  then?: number
}

function BandRow({ name, code, of, shift, quals, base, then, ...props }: BandRowProps) {
  const t = useT()
  return (
    <tr>
      <th scope="row">
        {name} {code ? <small className="sx-mono">{code}</small> : null}
      </th>
      <td className="sx-num">{base ?? '–'}</td>
      <td>
        <Shift {...props} name={shift} of={of} label={`${name} · ${t('policy.shift')}`} />
      </td>
      <td className="sx-num">{then ?? '–'}</td>
      <td>
        {quals ? <Quals {...props} name={quals} of={of} label={`${name} · ${t('policy.quals')}`} /> : null}
      </td>
    </tr>
  )
}

function DueForm(props: RuleFormsProps) {
  const t = useT()
  const { policy, onChange } = props
  return (
    <section>
      <h3>{t('policy.due')}</h3>
      <p className="sx-panel-note">{t('policy.dueHint')}</p>
      <div className="sx-rule-grid is-narrow">
        {Array.from({ length: N_BANDS }, (_, band) => band).map((band) => (
          <NumberField
            key={band}
            {...marks(props, `sla_s.${band}`)}
            label={t('policy.band', { band })}
            unit={t('policy.minutes')}
            scale={60}
            value={policy.sla_s[band] ?? Number.NaN}
            onChange={(value) => onChange({ ...policy, sla_s: policy.sla_s.with(band, value ?? Number.NaN) })}
          />
        ))}
      </div>
    </section>
  )
}

function SecondReviewForm(props: RuleFormsProps) {
  const t = useT()
  const word = useWord()
  const { policy, onChange } = props
  const verdicts = policy.second_review_verdicts
  const shares = policy.second_review_sample_by_verdict as Record<string, number>
  return (
    <section>
      <h3>{t('policy.secondReview')}</h3>
      <div className="sx-rule-grid">
        <div className={`sx-field${marks(props, 'second_review_verdicts').isChanged ? ' is-changed' : ''}`}>
          <span>{t('rule.second_review_verdicts')}</span>
          <div className="sx-checks">
            {SECOND_REVIEW_VERDICTS.map((verdict) => (
              <label key={verdict}>
                <input
                  type="checkbox"
                  checked={verdicts.includes(verdict)}
                  onChange={({ target }) =>
                    onChange({
                      ...policy,
                      second_review_verdicts: target.checked
                        ? [...verdicts, verdict]
                        : verdicts.filter((one) => one !== verdict),
                    })
                  }
                />
                {t(`verdict.${verdict}`)}
              </label>
            ))}
          </div>
        </div>
        <Scalar {...props} name="second_review_min_risk" />
        <Scalar {...props} name="second_review_sample" scale={0.01} unit="%" />
        {SECOND_REVIEW_VERDICTS.map((verdict) => (
          <NumberField
            key={verdict}
            {...marks(props, `second_review_sample_by_verdict.${verdict}`)}
            label={`${t('rule.second_review_sample_by_verdict')} · ${word('verdict', verdict)}`}
            unit="%"
            scale={0.01}
            isOptional
            placeholder={t('policy.asGeneral')}
            value={shares[verdict] ?? null}
            onChange={(value) =>
              onChange({
                ...policy,
                second_review_sample_by_verdict:
                  value === null ? without(shares, verdict) : { ...shares, [verdict]: value },
              })
            }
          />
        ))}
      </div>
    </section>
  )
}

function PaceForm(props: RuleFormsProps) {
  const t = useT()
  const minutes = { scale: 60, unit: t('policy.minutes') }
  const seconds = { unit: t('policy.seconds') }
  return (
    <section>
      <h3>{t('policy.pace')}</h3>
      <div className="sx-rule-grid">
        <Scalar {...props} name="remind_after_s" {...minutes} />
        <Scalar {...props} name="pause_after_s" {...minutes} />
        <Scalar {...props} name="rest_s" {...minutes} />
        <Scalar {...props} name="max_tries" />
        <Scalar {...props} name="max_hold_s" {...minutes} />
        <Scalar {...props} name="prefetch_ttl_s" {...seconds} />
      </div>
    </section>
  )
}
