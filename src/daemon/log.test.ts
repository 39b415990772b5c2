import { expect, it } from 'vitest'
import { CaravanError } from '../core/errors.ts'
import { createTestClock } from '../testing/clock.ts'
import { createLog, type LogFormat, type LogLevel } from './log.ts'

function logTo(format: LogFormat, level: LogLevel = 'info') {
  let text = ''
  const log = createLog({
    level,
    format,
    clock: createTestClock(new Date('2026-11-21T08:14:12.345Z')),
    write: (line) => (text += line),
    instant: () => '2026-11-21 16:14:12 +08:00',
    paint: (at, word) => (at === 'info' ? word : `<${word}>`),
    fit: (line) => line.replace(': integrations', ':\n    integrations'),
  })
  return { log, text: () => text, lines: () => text.split('\n').slice(0, -1) }
}

const mistake = new CaravanError({
  code: 'service_unknown',
  message: 'there is no service named sms',
  hint: 'Did you mean sms-main?',
})

it('lines for people: time, level, words, then the fields', () => {
  const { log, lines } = logTo('text')

  log.info('run began', {
    job: 'haier-products',
    run: '01JHB2V7',
    note: 'two words',
    left: undefined,
  })
  log.with({ service: 'sms-main' }).warn('slow', { seconds: 4.2 })

  expect(lines()).toEqual([
    '2026-11-21 16:14:12 +08:00 info  run began  job=haier-products  run=01JHB2V7  note="two words"',
    '2026-11-21 16:14:12 +08:00 <warn > slow  service=sms-main  seconds=4.2',
  ])
})

it('what is listed below a colon stands behind it, and a line ends where the terminal does', () => {
  const { log, lines } = logTo('text')

  log.error('the file has 1 fault:\n  integrations.yaml:3:1  servces: unknown key\n  4:1 too')

  expect(lines()).toEqual([
    '2026-11-21 16:14:12 +08:00 <error> the file has 1 fault:',
    '    integrations.yaml:3:1  servces: unknown key; 4:1 too',
  ])
})

it('an object a line for programs, with the ids as fields of their own', () => {
  const { log, lines } = logTo('json')

  log.with({ run: '01JHB2V7' }).info('sent', { call: '01JHB2V8', correlation: 'order-7' })
  log.error('refused', { error: mistake })

  expect(lines().map((line) => JSON.parse(line) as object)).toEqual([
    {
      level: 'info',
      time: '2026-11-21T08:14:12.345Z',
      run: '01JHB2V7',
      call: '01JHB2V8',
      correlation: 'order-7',
      message: 'sent',
    },
    {
      level: 'error',
      time: '2026-11-21T08:14:12.345Z',
      error: {
        code: 'service_unknown',
        message: 'there is no service named sms',
        hint: 'Did you mean sms-main?',
      },
      message: 'refused',
    },
  ])
})

it("a user's mistake is told with what to do, a fault of ours with where it happened and its causes", () => {
  const { log, lines, text } = logTo('text')

  log.error('failed', { error: mistake })
  expect(lines()).toEqual([
    '2026-11-21 16:14:12 +08:00 <error> failed: there is no service named sms',
    '    Did you mean sms-main?',
  ])
  log.error('failed', { error: new Error('outer', { cause: new Error('inner') }) })

  expect(text()).toMatch(/failed: outer\n {4}at .*log\.test\.ts/)
  expect(text()).toContain('    caused by Error: inner\n')
})

it.each(['text', 'json'] as const)('no %s line can be forged or drive a terminal', (format) => {
  const { log, lines, text } = logTo(format)

  log.info('first\nsecond', { note: 'a\n2026-11-21 error b', bell: '\u0007\u001b[31m' })

  expect(lines()).toHaveLength(1)
  expect(text().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})

it('says nothing below its level', () => {
  for (const format of ['text', 'json'] as const) {
    const { log, lines } = logTo(format, 'warn')
    log.debug('no')
    log.info('no')
    log.warn('yes')
    log.error('yes')
    expect(lines()).toHaveLength(2)
  }
})

it.each(['text', 'json'] as const)('known secrets are taken out of %s lines', (format) => {
  const { log, text } = logTo(format)
  log.redactWith((line) => line.replaceAll('hunter2', '***'))

  log.error('password hunter2', { note: 'hunter2', error: new Error('hunter2 refused') })

  expect(text()).not.toContain('hunter2')
  expect(text()).toContain('***')
})
