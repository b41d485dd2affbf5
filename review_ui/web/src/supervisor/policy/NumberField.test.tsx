import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, it } from 'vitest'

import { NumberField } from './NumberField'

afterEach(cleanup)

function Form({ onValue }: { onValue: (value: number | null) => void }) {
  const [value, setValue] = useState<number | null>(2)
  return (
    <NumberField
      label="field"
      value={value}
      isOptional
      onChange={(fresh) => {
        setValue(fresh)
        onValue(fresh)
      }}
    />
  )
}

it('keeps what is typed while it is no number yet', () => {
  const values: (number | null)[] = []
  render(<Form onValue={(value) => values.push(value)} />)
  const field = screen.getByLabelText<HTMLInputElement>('field')
  for (const text of ['-', '-3', '']) act(() => void fireEvent.change(field, { target: { value: text } }))
  expect(values).toEqual([Number.NaN, -3, null])
  act(() => void fireEvent.change(field, { target: { value: '-' } }))
  expect(field.value).toBe('-')
})
