import { SaxesParser } from 'saxes'
import { expect, it } from 'vitest'
import type { TestResult } from '../../app/test/index.ts'
import { pathInRepository, toAnnotations } from './github.ts'
import { toJunit } from './junit.ts'
import { failureText } from './table.ts'

const well: TestResult = {
  service: 'haier',
  adapter: 'haier',
  result: 'ok',
  ok: true,
  rung: null,
  cause: null,
  exit: 'done',
  duration_ms: 120,
  detail: '2 paying accounts',
  next: null,
  call: null,
  line: 5,
  disabled: null,
  warnings: [],
  certificate_days: null,
  expires: [],
  rungs: [{ rung: 'config', status: 'ok', saw: '22 fields', duration_ms: 3 }],
}

const nasty = '客户 <状态> "异常" & Ошибка 100%\r\n::error::x]]>\u0000\u001b[31m'
const failed: TestResult = {
  ...well,
  service: 'bad',
  result: 'failed',
  ok: false,
  rung: 'operation',
  cause: 'rejected',
  exit: 'failed',
  detail: nasty,
  next: 'Ask the vendor.',
  call: '01JHB2V7',
  line: 9,
}
const skipped: TestResult = {
  ...well,
  service: 'off',
  result: 'skipped',
  cause: 'service_disabled',
  detail: 'disabled in the config',
}
const ending: TestResult = { ...well, service: 'old', warnings: ['a:443: ends in 9 days, 50%'] }

type Element = { name: string; attributes: Record<string, string>; text: string }

/** Every element of a document, which must be well-formed. */
function elementsOf(xml: string): Element[] {
  const parser = new SaxesParser()
  const found: Element[] = []
  const open: Element[] = []
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '' }
    found.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    const inner = open.at(-1)
    if (inner) inner.text += text
  })
  parser.on('closetag', () => void open.pop())
  parser.on('error', (error) => {
    throw error
  })
  parser.write(xml).close()
  return found
}

it('JUnit is well-formed, and every language survives', () => {
  const elements = elementsOf(toJunit([well, failed, skipped]))

  const [suite] = elements
  expect(suite).toMatchObject({
    name: 'testsuite',
    attributes: { tests: '3', failures: '1', errors: '0', skipped: '1', time: '0.360' },
  })
  const cases = elements.filter(({ name }) => name === 'testcase')
  expect(cases.map(({ attributes }) => attributes.name)).toEqual(['haier', 'bad', 'off'])
  const [failure] = elements.filter(({ name }) => name === 'failure')
  expect(failure?.attributes).toEqual({
    type: 'rejected',
    message: '客户 <状态> "异常" & Ошибка 100%\r',
  })
  expect(failure?.text).toContain('::error::x]]>[31m\nAsk the vendor.\ncaravan logs show 01JHB2V7')
  const [skip] = elements.filter(({ name }) => name === 'skipped')
  expect(skip?.attributes).toEqual({ message: 'disabled in the config' })
})

it('no services make an empty suite', () => {
  expect(elementsOf(toJunit([]))).toMatchObject([{ attributes: { tests: '0', failures: '0' } }])
})

it('annotations stand on one line each, escaped as GitHub reads them', () => {
  const text = toAnnotations([well, failed, skipped, ending], 'conf,ig/a:b.yaml')

  expect(text.split('\n')).toEqual([
    '::error file=conf%2Cig/a%3Ab.yaml,line=9,title=bad%3A rejected::客户 <状态> "异常" & Ошибка 100%25' +
      '%0D%0A::error::x]]>\u0000\u001b[31m%0AAsk the vendor.%0AMore: caravan logs show 01JHB2V7',
    '::warning file=conf%2Cig/a%3Ab.yaml,line=5,title=old::a:443: ends in 9 days, 50%25',
    '',
  ])
})

it('the file is named from the root of the repository', () => {
  const env = { GITHUB_WORKSPACE: '/srv/repo' }

  expect(pathInRepository('/srv/repo/ops/integrations.yaml', env)).toBe('ops/integrations.yaml')
  expect(pathInRepository('/etc/caravan/integrations.yaml', env)).toBe(
    '/etc/caravan/integrations.yaml',
  )
})

it('a failure is told in whole: what, why, what to do, where to look', () => {
  expect(failureText({ ...failed, detail: 'no\nreally', next: 'Ask.\nOr wait.' })).toBe(
    '✗ bad: no (rejected)\n  really\n  Ask.\n  Or wait.\n  More: caravan logs show 01JHB2V7\n',
  )
})
