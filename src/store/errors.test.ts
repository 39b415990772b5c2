import { describe, expect, it } from 'vitest'
import { CaravanError } from '../core/errors.ts'
import { stateError, translated } from './errors.ts'

const failure = (code: string) => Object.assign(new Error('as SQLite says'), { code })

describe('stateError', () => {
  it.each`
    from                         | to
    ${'SQLITE_FULL'}             | ${'state_full'}
    ${'ENOSPC'}                  | ${'state_full'}
    ${'SQLITE_BUSY'}             | ${'state_busy'}
    ${'SQLITE_BUSY_SNAPSHOT'}    | ${'state_busy'}
    ${'SQLITE_READONLY'}         | ${'state_read_only'}
    ${'SQLITE_READONLY_DBMOVED'} | ${'state_swapped'}
    ${'SQLITE_CANTOPEN'}         | ${'state_read_only'}
    ${'EACCES'}                  | ${'state_read_only'}
    ${'EROFS'}                   | ${'state_read_only'}
    ${'SQLITE_CORRUPT_VTAB'}     | ${'state_damaged'}
    ${'SQLITE_NOTADB'}           | ${'state_foreign'}
    ${'SQLITE_IOERR_WRITE'}      | ${'state_io'}
  `('calls $from $to, with what to do about it', ({ from, to }) => {
    const cause = failure(from)

    const error = stateError(cause, '/var/lib/caravan/caravan.db')

    expect(error).toBeInstanceOf(CaravanError)
    expect(error).toMatchObject({ code: to, cause, hint: expect.stringMatching(/\.$|<backup>$/) })
    expect(String(error)).toContain(`(${from})`)
    expect(String(error)).toContain('caravan.db')
  })

  it.each(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'ENOENT'])('leaves %s as it is', (code) => {
    const cause = failure(code)

    expect(() =>
      translated('x.db', () => {
        throw cause
      }),
    ).toThrow(cause)
  })

  it('does not send people to a backup for the call log', () => {
    const error = stateError(failure('SQLITE_CORRUPT'), '/x/caravan.calls.db')

    expect(error).toMatchObject({ hint: expect.stringContaining('only the call log') })
  })
})
