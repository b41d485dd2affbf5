/** Fields that keep what is typed, also while it is no number yet. */

import { useEffect, useId, useState } from 'react'

import { useT } from '../../i18n'

export interface NumberFieldProps {
  label: string
  /** NaN for what is no number; null for nothing where that is allowed. */
  value: number | null
  onChange: (value: number | null) => void
  isFaulty?: boolean
  isChanged?: boolean
  isOptional?: boolean
  /** What one of the field's units is in the rule's: 60 shows seconds as minutes. */
  scale?: number
  unit?: string
  isLabelHidden?: boolean
  placeholder?: string
}

const shown = (value: number | null, scale: number) =>
  value === null || Number.isNaN(value) ? '' : String(Number((value / scale).toFixed(6)))

export function NumberField(props: NumberFieldProps) {
  const { label, value, onChange, scale = 1, isOptional = false } = props
  const [text, setText] = useState(shown(value, scale))
  useEffect(() => {
    setText((old) => (Object.is(parse(old, scale, isOptional), value) ? old : shown(value, scale)))
  }, [value, scale, isOptional])
  return (
    <Labelled {...props} label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          inputMode="decimal"
          value={text}
          placeholder={props.placeholder}
          onChange={({ target }) => {
            setText(target.value)
            onChange(parse(target.value, scale, isOptional))
          }}
        />
      )}
    </Labelled>
  )
}

function parse(text: string, scale: number, isOptional: boolean): number | null {
  const trimmed = text.trim()
  if (trimmed === '') return isOptional ? null : Number.NaN
  const value = Number(trimmed)
  return Number.isFinite(value) ? Number((value * scale).toFixed(9)) : Number.NaN
}

export interface BitsFieldProps {
  label: string
  value: readonly number[]
  onChange: (bits: number[]) => void
  isFaulty?: boolean
  isChanged?: boolean
  isLabelHidden?: boolean
}

/** Numbers of qualification bits, with spaces or commas between them. */
export function BitsField(props: BitsFieldProps) {
  const { value, onChange } = props
  const [text, setText] = useState(value.join(' '))
  useEffect(() => {
    setText((old) => (String(readBits(old)) === String(value) ? old : value.join(' ')))
  }, [value])
  return (
    <Labelled {...props}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          value={text}
          onChange={({ target }) => {
            setText(target.value)
            onChange(readBits(target.value))
          }}
        />
      )}
    </Labelled>
  )
}

const readBits = (text: string) =>
  text
    .split(/[\s,，、]+/)
    .filter((part) => part !== '')
    .map(Number)

interface LabelledProps {
  label: string
  isFaulty?: boolean
  isChanged?: boolean
  isLabelHidden?: boolean
  unit?: string
  children: (attributes: {
    id: string
    className: string
    'aria-invalid': boolean
    'aria-describedby'?: string
  }) => React.ReactNode
}

function Labelled({ label, isFaulty = false, isChanged, isLabelHidden, unit, children }: LabelledProps) {
  const t = useT()
  const id = useId()
  return (
    <div className={`sx-field${isChanged ? ' is-changed' : ''}${isFaulty ? ' is-faulty' : ''}`}>
      <label htmlFor={id} className={isLabelHidden ? 'sx-sr' : ''}>
        {label}
      </label>
      {children({
        id,
        className: 'sx-input',
        'aria-invalid': isFaulty,
        'aria-describedby': isFaulty ? `${id}-fault` : undefined,
      })}
      {unit ? <span aria-hidden="true">{unit}</span> : null}
      {isFaulty ? (
        <span id={`${id}-fault`} className="sx-fault">
          {t('policy.outOfRange')}
        </span>
      ) : null}
    </div>
  )
}
