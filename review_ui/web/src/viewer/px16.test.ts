import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decompress } from 'fzstd'
import { describe, expect, it } from 'vitest'
import { Px16Error, parsePx16, restoreStrip, stripBytes } from './px16'

const FOLDER = join(import.meta.dirname, '../../../../tests/data/px16')

interface Vector {
  file: string
  raw: string
  width: number
  height: number
  n_channels: number
  level: number
  strip_rows: number
}

const vectors = JSON.parse(readFileSync(join(FOLDER, 'vectors.json'), 'utf8')) as Vector[]

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, name)))
}

/** Channels one after the other, as the .raw files hold them. */
function decodeFile(bytes: Uint8Array): Uint16Array {
  const file = parsePx16(bytes)
  const pixels = new Uint16Array(file.nChannels * file.width * file.height)
  file.frames.forEach((frame, i) => {
    const top = i * file.stripRows
    const rows = Math.min(file.stripRows, file.height - top)
    const strip = restoreStrip(decompress(frame), { width: file.width, rows, nChannels: file.nChannels })
    strip.forEach((channel, c) => {
      pixels.set(channel, (c * file.height + top) * file.width)
    })
  })
  return pixels
}

describe('px16', () => {
  it('has a vector for every file of the folder', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.px16'))
    expect(vectors.map((v) => v.file).sort()).toEqual(files.sort())
    expect(files.length).toBeGreaterThan(5)
  })

  it.each(vectors)('restores every pixel of $file', (vector) => {
    const bytes = bytesOf(vector.file)
    const file = parsePx16(bytes)
    expect([file.width, file.height, file.nChannels, file.level, file.stripRows]).toEqual([
      vector.width,
      vector.height,
      vector.n_channels,
      vector.level,
      vector.strip_rows,
    ])
    expect(new Uint8Array(decodeFile(bytes).buffer)).toEqual(bytesOf(vector.raw))
  })

  it('refuses planes of another length', () => {
    const shape = { width: 4, rows: 2, nChannels: 2 }
    expect(stripBytes(shape)).toBe(32)
    expect(() => restoreStrip(new Uint8Array(31), shape)).toThrow(Px16Error)
  })

  it('refuses other files', () => {
    expect(() => parsePx16(new Uint8Array(40))).toThrow(Px16Error)
  })
})
