/**
 * The reasons that reviewers may give. One that is in force keeps its code and its place in the list, since
 * decisions carry it: it is renamed, moved, or offered for no verdict any more.
 */

import { useId, useRef, useState } from 'react'

import type { ReasonCode } from '../../api/types'
import { usePick, useT } from '../../i18n'
import type { RuleFormsProps } from './RuleForms'
import { reasonFaults, VERDICTS } from './reasons'

export function ReasonForm({ stored, policy, changes, onChange }: RuleFormsProps) {
  const t = useT()
  const hintId = useId()
  const table = useRef<HTMLTableElement>(null)
  const reasons = policy.reason_codes
  const faults = reasonFaults(reasons)
  const set = (fresh: ReasonCode[]) => onChange({ ...policy, reason_codes: fresh })
  const stays = new Set(stored.policy.reason_codes.map(({ code }) => code))
  // What is typed as the code of a new reason may be that of one in force, for a moment.
  const [added] = useState(() => new WeakSet<ReasonCode>())
  const isNew = (reason: ReasonCode) => added.has(reason) || !stays.has(reason.code)
  const change = (index: number, fresh: ReasonCode) => {
    if (isNew(reasons[index])) added.add(fresh)
    set(reasons.with(index, fresh))
  }
  const keys = reasons.map((reason, index) => (isNew(reason) ? `${index}` : reason.code))
  const add = () => {
    set([...reasons, { code: '', zh: '', en: '', verdicts: [] }])
    requestAnimationFrame(() => table.current?.querySelector<HTMLElement>('tr:last-child input')?.focus())
  }
  return (
    <section aria-describedby={hintId}>
      <h3>{t('policy.reasons')}</h3>
      <p id={hintId} className="sx-panel-note">
        {t('policy.reasonsHint')}
      </p>
      <table ref={table} className="sx-table is-dense sx-reason-rules">
        <thead>
          <tr>
            <th scope="col">{t('policy.code')}</th>
            <th scope="col">{t('policy.nameZh')}</th>
            <th scope="col">{t('policy.nameEn')}</th>
            <th scope="col">{t('policy.offeredFor')}</th>
            <th scope="col">
              <span className="sx-sr">{t('policy.place')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {reasons.map((reason, index) => (
            <ReasonRow
              key={keys[index]}
              reason={reason}
              fault={faults[index]}
              isNew={isNew(reason)}
              isChanged={changes.some(({ path }) => path === `reason_codes.${reason.code}`)}
              onChange={(fresh) => change(index, fresh)}
              onUp={index > 0 ? () => set(moved(reasons, index)) : undefined}
              onRemove={() => set(reasons.filter((_, other) => other !== index))}
            />
          ))}
        </tbody>
      </table>
      <button type="button" className="sx-button" onClick={add}>
        {t('policy.addReason')}
      </button>
    </section>
  )
}

function moved(reasons: ReasonCode[], index: number): ReasonCode[] {
  return reasons.with(index - 1, reasons[index]).with(index, reasons[index - 1])
}

interface ReasonRowProps {
  reason: ReasonCode
  fault: ReturnType<typeof reasonFaults>[number]
  isNew: boolean
  isChanged: boolean
  onChange: (reason: ReasonCode) => void
  onUp?: () => void
  onRemove: () => void
}

function ReasonRow({ reason, fault, isNew, isChanged, onChange, onUp, onRemove }: ReasonRowProps) {
  const t = useT()
  const name = usePick()(reason, reason.code)
  const faultId = useId()
  const input = (field: 'code' | 'zh' | 'en', label: string) => (
    <input
      type="text"
      className="sx-input"
      aria-label={`${name || t('policy.newReason')} · ${label}`}
      aria-invalid={fault?.field === field}
      aria-describedby={fault?.field === field ? faultId : undefined}
      lang={field === 'zh' ? 'zh-CN' : 'en'}
      value={reason[field]}
      onChange={({ target }) => onChange({ ...reason, [field]: target.value })}
    />
  )
  return (
    <tr className={`${isChanged ? 'is-changed' : ''}${reason.verdicts.length === 0 ? ' is-retired' : ''}`}>
      <th scope="row">
        {isNew ? input('code', t('policy.code')) : <span className="sx-mono">{reason.code}</span>}
        {fault ? (
          <span id={faultId} className="sx-fault">
            {t(`fault.${fault.why}`)}
          </span>
        ) : null}
      </th>
      <td>{input('zh', t('policy.nameZh'))}</td>
      <td>{input('en', t('policy.nameEn'))}</td>
      <td>
        <div className="sx-checks">
          {VERDICTS.map((verdict) => (
            <label key={verdict}>
              <input
                type="checkbox"
                aria-label={`${name || t('policy.newReason')} · ${t(`verdict.${verdict}`)}`}
                checked={reason.verdicts.includes(verdict)}
                onChange={({ target }) =>
                  onChange({
                    ...reason,
                    verdicts: VERDICTS.filter((one) =>
                      one === verdict ? target.checked : reason.verdicts.includes(one),
                    ),
                  })
                }
              />
              {t(`verdict.${verdict}`)}
            </label>
          ))}
        </div>
      </td>
      <td>
        <button
          type="button"
          className="sx-button"
          disabled={!onUp}
          aria-label={`${name} · ${t('policy.moveUp')}`}
          title={t('policy.moveUp')}
          onClick={onUp}
        >
          ↑
        </button>
        {isNew ? (
          <button type="button" className="sx-button" onClick={onRemove}>
            {t('policy.removeReason')}
          </button>
        ) : null}
      </td>
    </tr>
  )
}
