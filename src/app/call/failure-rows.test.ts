import { expect, it } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import { withRows } from './failure-rows.ts'

const refused = { status: 'failed', kind: 'rejected', code: 'E1', message: 'in the stop list' }
const failure = (message: string, details?: IntegrationError['details']) =>
  new IntegrationError({ kind: 'rejected', message, details })

it.each<[string, IntegrationError, string]>([
  ['nobody', failure('no such template'), 'no such template'],
  [
    'services of the route, which its hint names',
    failure('down', [{ service: 'a', error: 'down' }]),
    'down',
  ],
  [
    'one',
    failure('in the stop list', [{ ...refused, to: '+79991234567' }]),
    '+79…67: in the stop list',
  ],
  [
    'two',
    failure('none of 2 numbers: in the stop list', [
      { ...refused, to: '+79991234567' },
      { to: 'anna@example.com', error: 'no such box' },
    ]),
    'none of 2 numbers: in the stop list:\n  +79…67: in the stop list (rejected, E1)\n  an…@example.com: no such box',
  ],
])('a failure that tells of %s', (_name, error, message) => {
  expect(withRows(error).message).toBe(message)
})

it('tells of twenty and counts the rest', () => {
  const rows = Array.from({ length: 25 }, (_, at) => ({ ...refused, to: `+7999123450${at}` }))

  const lines = withRows(failure('none', rows)).message.split('\n')

  expect(lines).toHaveLength(22)
  expect(lines.at(-1)).toBe('  … and 5 more')
})
