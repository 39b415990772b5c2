import { expect, it } from 'vitest'
import { kinds } from '../core/kinds/index.ts'
import type { OperationInfo } from '../app/kinds.ts'
import { emptyProject, project } from '../testing/program.ts'
import { columns } from './kinds.ts'
import { renderTable } from './output/table.ts'
import { servedProject } from '../testing/served-project.ts'

type Answer = { operations: OperationInfo[] }

it('works without a project, and knows every operation', async () => {
  const { json, run } = emptyProject()
  const names = Object.values(kinds).flatMap((kind) =>
    Object.keys(kind.operations).map((each) => `${kind.id}.${each}`),
  )

  const { operations } = await json<Answer>('kinds')
  const table = await run('kinds')

  expect(operations.map(({ operation }) => operation)).toEqual(names)
  expect(operations.flatMap(({ services }) => services)).toEqual([])
  expect(table).toMatchObject({ code: 0, err: '' })
  expect(table.out).toMatch(/sms\.send +message .* \(none\)/)
})

it('shows the inputs of an operation as a caller writes them, and which services can serve it', async () => {
  const { json, run } = await servedProject({
    'sms-main': 'sms-ru',
    spare: 'sms-ru',
    team: 'slack-webhook',
  })
  await run('disable spare --reason maintenance')

  const { operations } = await json<Answer>('kinds sms.send')
  const table = await run('kinds sms.send')

  const [send] = operations
  expect(operations).toHaveLength(1)
  expect(send).toMatchObject({
    effect: 'message',
    lists: false,
    services: [
      { service: 'sms-main', serves: true, why: null },
      { service: 'spare', serves: false, why: expect.stringContaining('maintenance') },
    ],
  })
  expect(send?.adapters).toContain('sms-ru')
  expect(send?.inputs.find(({ name }) => name === 'to')).toEqual({
    name: 'to',
    type: 'text or list of text',
    required: true,
    description: expect.stringContaining('to=… once for each'),
    example: '+8618501234444',
    default: null,
  })
  expect(send?.inputs.map(({ name }) => name)).toContain('params.<name>')
  expect(table.out).toMatch(/served by +sms-main\nnot by +spare: disabled: switched off by/)
})

it('on a narrow terminal the number of servers takes the place of their names', async () => {
  const names = ['gateway-one', 'gateway-two', 'gateway-three', 'gateway-four']
  const row = { operation: 'sms.send', effect: 'message' as const, summary: 'Send a text' }
  const services = names.map((service) => ({ service, serves: true, why: null }))
  const rows = [{ ...row, services }] as unknown as OperationInfo[]
  const paint = (_: unknown, text: string) => text

  expect(renderTable(rows, columns, { width: 80, paint })).toMatch(/ gateway-one \+3\n$/)
  expect(renderTable(rows, columns, { width: 120, paint })).toContain(names.join(', '))
})

it('a project that cannot be read is told, and the operations are shown all the same', async () => {
  const { run, write } = await project()
  write('integrations.yaml', 'version: [')

  const { code, out, err } = await run('kinds sms')

  expect(code).toBe(0)
  expect(out).toContain('sms.send')
  expect(err).toContain('What serves them is not known')
})

it.each([
  ['kinds smss', 'kind_unknown', 'Did you mean sms?'],
  ['kinds sms.snd', 'operation_unknown', 'Did you mean sms.send?'],
])('%s is %s', async (words, code, says) => {
  const ended = await emptyProject().run(words)

  expect(ended).toMatchObject({ code: 10, out: '' })
  expect(ended.err).toContain(code)
  expect(ended.err).toContain(says)
})
