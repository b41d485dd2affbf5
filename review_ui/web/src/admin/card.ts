/** Reads the little Markdown that a model's card is written in. What it does not know stays text. */

export type Block =
  | { type: 'heading'; level: number; text: string }
  | { type: 'table'; rows: string[][] }
  | { type: 'list'; items: string[] }
  | { type: 'text'; text: string }

const SEPARATOR = /^\|[\s:|-]+\|$/

export function parseCard(markdown: string): Block[] {
  const blocks: Block[] = []
  for (const part of markdown.split(/\n\s*\n/)) {
    const lines = part.split('\n').filter((line) => line.trim() !== '')
    if (lines.length > 0) blocks.push(blockOf(lines))
  }
  return blocks
}

function blockOf(lines: string[]): Block {
  const heading = /^(#+)\s+(.*)$/.exec(lines[0])
  if (heading && lines.length === 1) return { type: 'heading', level: heading[1].length, text: heading[2] }
  if (lines.every((line) => line.startsWith('|'))) return { type: 'table', rows: rowsOf(lines) }
  if (lines[0].startsWith('- ')) return { type: 'list', items: itemsOf(lines) }
  return { type: 'text', text: plain(lines.join(' ')) }
}

function rowsOf(lines: string[]): string[][] {
  return lines
    .filter((line) => !SEPARATOR.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => plain(cell.trim())),
    )
    .filter((cells) => cells.some((cell) => cell !== ''))
}

function itemsOf(lines: string[]): string[] {
  const items: string[] = []
  for (const line of lines) {
    if (line.startsWith('- ')) items.push(line.slice(2))
    else items[items.length - 1] += ` ${line.trim()}`
  }
  return items.map(plain)
}

function plain(text: string): string {
  return text.replace(/\*\*|`/g, '')
}
