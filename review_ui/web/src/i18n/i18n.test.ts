import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KEYMAP } from '../keys/keymap'
import { MESSAGES, translate } from '.'
import { enUS } from './en-US'
import { zhCN } from './zh-CN'

const SOURCE = join(import.meta.dirname, '..')
const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

/** All source text but the messages themselves, the viewer and tests. */
function sources(folder = SOURCE): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return ['i18n', 'viewer'].includes(entry.name) ? '' : sources(path)
      return /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.') ? readFileSync(path, 'utf8') : ''
    })
    .join('\n')
}

/** Keys that are put together: a prefix and a value, as in `verdict.${verdict}` or word('reason', …). */
function prefixes(text: string): Set<string> {
  const found = [...text.matchAll(/`([a-z]+(?:\.[a-z]+)*)\.\$\{/g), ...text.matchAll(/word\('([a-z]+)'/g)]
  return new Set(found.map(([, prefix]) => prefix))
}

describe('messages', () => {
  it('have the same keys and parameters in every language', () => {
    expect(Object.keys(enUS).sort()).toEqual(Object.keys(zhCN).sort())
    for (const key of Object.keys(zhCN) as (keyof typeof zhCN)[]) {
      expect([key, holes(enUS[key])]).toEqual([key, holes(zhCN[key])])
    }
  })

  it('stand in one file each: a second text would silently replace the first', () => {
    for (const language of Object.keys(MESSAGES)) {
      const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(`${language}.ts`))
      const text = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n')
      const keys = [...text.matchAll(/^ {2}'([^']+)':/gm)].map(([, key]) => key)
      expect(keys.length).toBeGreaterThan(300)
      expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
    }
  })

  it('are never empty, and English has no Chinese left in it', () => {
    for (const messages of Object.values(MESSAGES)) expect(Object.values(messages)).not.toContain('')
    expect(Object.entries(enUS).filter(([, text]) => /[\u4e00-\u9fff]/.test(text))).toEqual([])
  })

  it('are all used', () => {
    const text = sources()
    const made = prefixes(text)
    const isUsed = (key: string) =>
      text.includes(`'${key}'`) || made.has(key.slice(0, key.lastIndexOf('.'))) || made.has(key.split('.')[0])
    expect(Object.keys(zhCN).filter((key) => !isUsed(key))).toEqual([])
  })

  it('are all there: every key in the source exists', () => {
    const keys = [...sources().matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key)
    expect(keys.length).toBeGreaterThan(100)
    expect(keys.filter((key) => !(key in zhCN))).toEqual([])
  })

  it('name every action of the key table', () => {
    const single = KEYMAP.filter(({ id }) => !/\d$|^(pan|mark)[LRUD]/.test(id)).map(({ id }) => `key.${id}`)
    expect(single.filter((key) => !(key in zhCN))).toEqual([])
  })
})

it('fills in parameters and leaves unknown ones visible', () => {
  expect(translate('en-US', 'menu.undoSeconds', { seconds: 1.5 })).toBe('1.5 s')
  expect(translate('en-US', 'menu.undoSeconds')).toBe('{seconds} s')
})
