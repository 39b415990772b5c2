import { expect, it } from 'vitest'
import type { Batch } from './define.ts'
import { checkFailures, noFailures, type Tally } from './failure-guard.ts'

/** A batch as a text: `.` is an item, `x` a failure. */
function batch(text: string): Batch<string, null> {
  const places = [...text]
  const failures = places.flatMap((sign, position) =>
    sign === 'x' ? [{ key: String(position), reason: `reason ${position}`, position }] : [],
  )
  return { items: places.filter((sign) => sign === '.'), failures, checkpoint: null }
}

const check = (...texts: string[]): Tally =>
  texts.reduce((tally, text) => checkFailures(tally, batch(text)), noFailures)

it('counts what was read and what failed', () => {
  expect(check('..x', 'x.')).toMatchObject({ read: 5, failed: 2, lastReason: 'reason 0' })
})

it.each`
  batches
  ${['x'.repeat(50)]}
  ${[`.${'x'.repeat(30)}`, `${'x'.repeat(20)}.`]}
  ${[`${'.'.repeat(400)}${'x'.repeat(50)}.`]}
  ${['x'.repeat(25), '', 'x'.repeat(25)]}
`('stops at fifty failures in a row', ({ batches }) => {
  expect(() => check(...(batches as string[]))).toThrow(/^50 items in a row failed/)
})

it('lets forty-nine in a row pass, and begins anew after an item', () => {
  const most = 'x'.repeat(49)
  const some = '.'.repeat(400)

  expect(check(some, most, `.${most}`).inRow).toBe(49)
  expect(check(some, `${most}.`).inRow).toBe(0)
})

it('takes failures that do not say where they stood for the last ones', () => {
  const failures = Array.from({ length: 50 }, (_, n) => ({ key: String(n), reason: 'gone' }))

  const run = () => checkFailures(noFailures, { items: [1, 2, 3], failures, checkpoint: null })

  expect(run).toThrow(/50 items in a row failed.*gone/)
})

it('stops when more than a fifth of at least a hundred failed', () => {
  const fifth = '....x'

  expect(check(fifth.repeat(100))).toMatchObject({ failed: 100 })
  expect(check('x.'.repeat(49))).toMatchObject({ read: 98, failed: 49 })
  expect(() => check(`${fifth.repeat(19)}...xx`)).toThrow('21 of 100 items failed')
})

it('tells the last reason and how to take up what failed', () => {
  expect(() => check('x'.repeat(50))).toThrow(
    expect.objectContaining({
      code: 'guard_failures',
      message: expect.stringContaining('reason 49'),
      hint: expect.stringContaining('--retry-failed'),
    }),
  )
})
