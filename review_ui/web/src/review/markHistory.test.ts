import { describe, expect, it } from 'vitest'

import { MarkHistory, type Marks } from './markHistory'

const marks = (...notes: string[]): Marks => ({
  annotations: notes.map((note) => ({ box: [0, 0, 9, 9], kind: 'gun', note })),
  votes: {},
})

describe('MarkHistory', () => {
  it('goes back and forth', () => {
    const history = new MarkHistory()
    history.open('1')
    history.push(marks(), null)
    history.push(marks('a'), null)
    expect(history.undo(marks('a', 'b'))).toEqual(marks('a'))
    expect(history.undo(marks('a'))).toEqual(marks())
    expect(history.undo(marks())).toBeNull()
    expect(history.redo(marks())).toEqual(marks('a'))
    expect(history.redo(marks('a'))).toEqual(marks('a', 'b'))
    expect(history.redo(marks('a', 'b'))).toBeNull()
  })

  it('takes changes with one tag as one, until something else happened', () => {
    const history = new MarkHistory()
    history.open('1')
    history.push(marks(''), 'note:0')
    history.push(marks('k'), 'note:0')
    expect(history.undo(marks('kn'))).toEqual(marks(''))
    history.push(marks(''), 'note:0')
    expect(history.undo(marks('x'))).toEqual(marks(''))
  })

  it('forgets what was undone once something new is done', () => {
    const history = new MarkHistory()
    history.open('1')
    history.push(marks(), null)
    history.undo(marks('a'))
    history.push(marks(), null)
    expect(history.redo(marks('b'))).toBeNull()
  })

  it('knows nothing of another case', () => {
    const history = new MarkHistory()
    history.open('1')
    history.push(marks(), null)
    history.open('2')
    expect(history.undo(marks('a'))).toBeNull()
  })
})
