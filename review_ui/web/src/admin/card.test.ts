import { expect, it } from 'vitest'

import { parseCard } from './card'

it('reads headings, paragraphs, tables without their ruler, and lists with long items', () => {
  const card = `# lite 0.3

Finds **little** in \`x\`
and more.

| | |
| --- | --- |
| file | sha256 \`52\` |

- One
  goes on
- Two`
  expect(parseCard(card)).toEqual([
    { type: 'heading', level: 1, text: 'lite 0.3' },
    { type: 'text', text: 'Finds little in x and more.' },
    { type: 'table', rows: [['file', 'sha256 52']] },
    { type: 'list', items: ['One goes on', 'Two'] },
  ])
})

it('makes nothing of nothing', () => {
  expect(parseCard('\n\n')).toEqual([])
})
