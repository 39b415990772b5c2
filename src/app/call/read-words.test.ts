import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineKind } from '../../core/kind.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { checkInput } from './check-input.ts'
import { type NamedOperation, operationNamed } from './operation.ts'
import { readWords } from './read-words.ts'

const Everything = z.object({
  text: z.string().min(1).optional(),
  count: z.int().min(1).optional(),
  price: z.number().optional(),
  isOn: z.boolean().optional(),
  level: z.enum(['info', 'high']).optional(),
  codes: z.array(z.string()).optional(),
  sizes: z.array(z.int()).optional(),
  to: z.union([z.string(), z.array(z.string())]).optional(),
  params: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
  money: z.object({ minor: z.int(), currency: z.string() }).optional(),
  lines: z.array(z.object({ code: z.string(), count: z.int() })).optional(),
  note: z.string().nullable().optional(),
  token: z.string().meta({ secret: true }).optional(),
  any: z.unknown().optional(),
})

const trial = defineKind({
  id: 'trial',
  title: 'For tests',
  operations: {
    do: { summary: 'Does it', effect: 'read', input: Everything, output: z.object({}) },
  },
})

const operation: NamedOperation = {
  name: 'trial.do',
  kind: trial,
  operation: 'do',
  shape: trial.operations.do,
}

const noStdin = () => Promise.reject(new Error('stdin was read'))

const read = (words: string[], rest: { data?: string; stdin?: string } = {}) =>
  readWords(operation, {
    words,
    data: rest.data,
    readStdin: rest.stdin === undefined ? noStdin : () => Promise.resolve(rest.stdin ?? ''),
  })

it.each<[words: string[], input: object]>([
  [['text=79991234567'], { text: '79991234567' }],
  [['text=true'], { text: 'true' }],
  [['text={"a":1}'], { text: '{"a":1}' }],
  [['text=a=b=c'], { text: 'a=b=c' }],
  [['text=@@all hands'], { text: '@all hands' }],
  [['text=-'], { text: '-' }],
  [['text=two\nlines'], { text: 'two\nlines' }],
  [['text='], { text: '' }],
  [['count=3', 'price=-1.5e2', 'isOn=yes', 'level=high'], { count: 3, price: -150, isOn: true, level: 'high' }], // prettier-ignore
  [['count=three', 'isOn=maybe'], { count: 'three', isOn: 'maybe' }],
  [['codes=A'], { codes: ['A'] }],
  [['codes=A', 'codes=0042'], { codes: ['A', '0042'] }],
  [['codes=["A","B"]'], { codes: ['A', 'B'] }],
  [['sizes=1', 'sizes=2'], { sizes: [1, 2] }],
  [['to=+8618501234444'], { to: '+8618501234444' }],
  [['to=+8618501234444', 'to=18501235555'], { to: ['+8618501234444', '18501235555'] }],
  [['to=[not json'], { to: '[not json' }],
  [['params.code=4370', 'params.a.b=1'], { params: { code: '4370', 'a.b': '1' } }],
  [['params=4370', 'params=5'], { params: ['4370', '5'] }],
  [['params={"code":"4370"}'], { params: { code: '4370' } }],
  [['money.minor=129900', 'money.currency=CNY'], { money: { minor: 129900, currency: 'CNY' } }],
  [['lines=[{"code":"A","count":2}]'], { lines: [{ code: 'A', count: 2 }] }],
  [['note=null'], { note: 'null' }],
  [['any=5', 'text=x'], { any: '5', text: 'x' }],
  [['any={"a":5}'], { any: { a: 5 } }],
])('reads %j', async (words, input) => {
  expect(await read(words)).toEqual({ input, faults: [] })
})

describe('files', () => {
  const folder = () => temporaryFolder()

  it('puts words over data, key by key', async () => {
    const data = join(folder(), 'input.json')
    writeFileSync(data, '\ufeff{"text":"old","params":{"a":"1","b":"2"},"codes":["A"]}')

    const { input, faults } = await read(['text=new', 'params.b=3'], { data })

    expect(faults).toEqual([])
    expect(input).toEqual({ text: 'new', params: { a: '1', b: '3' }, codes: ['A'] })
  })

  it('takes a value from a file or from stdin, without its last line end', async () => {
    const file = join(folder(), 'text.txt')
    writeFileSync(file, '@first\nsecond\n')

    const { input } = await read([`text=@${file}`, 'to=@-'], { stdin: '+8618501234444\r\n' })

    expect(input).toEqual({ text: '@first\nsecond', to: '+8618501234444' })
  })

  it.each([
    ['{"to": [', 'input.json:1:9 is no JSON'],
    ['[]', 'is not one JSON object'],
    ['null', 'is not one JSON object'],
    [Buffer.from([0x7b, 0xff]), 'is no text in UTF-8'],
  ])('refuses data that is %j', async (content, says) => {
    const data = join(folder(), 'input.json')
    writeFileSync(data, content)

    await expect(read([], { data })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(says),
    })
  })

  it('says which file is missing, and how a text begins with an @', async () => {
    await expect(read(['text=@nobody here'])).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining('nobody here'),
      hint: expect.stringContaining('@@'),
    })
  })

  it('reads stdin once', async () => {
    await expect(read(['text=@-', 'to=@-'], { stdin: 'x' })).rejects.toThrow(/once/)
  })
})

it('refuses a word that is no input, and does not repeat it', async () => {
  const refused = read(['text=x', 'hunter2'])

  await expect(refused).rejects.toMatchObject({ code: 'usage' })
  await expect(refused).rejects.not.toThrow(/hunter2/)
})

it('takes a secret from a file alone', async () => {
  const { input, faults } = await read(['token=hunter2'])

  expect(input).toEqual({})
  expect(faults).toMatchObject([{ key: 'token' }])
  expect(JSON.stringify(faults)).not.toContain('hunter2')
  expect((await read(['token=@-'], { stdin: 'hunter2' })).input).toEqual({ token: 'hunter2' })
})

it.each([
  ['txet=1', 'txet', 'unknown key; did you mean text?'],
  ['money.minro=1', 'money.minro', 'unknown key; did you mean minor?'],
  ['text.a=1', 'text', 'is one value, with no keys below it'],
  ['lines.0.code=A', 'lines', 'is a list: write it as JSON, or in --data'],
  ['__proto__=1', '__proto__', 'unknown key'],
  ['constructor.name=1', 'constructor', 'unknown key'],
])('%s is a fault of %s', async (word, key, says) => {
  const { input, faults } = await read([word])

  expect(input).toEqual({})
  expect(faults).toEqual([{ key, message: expect.stringContaining(says) }])
})

it.each([
  [['text=1', 'text=2'], 'text', 'was given 2 times'],
  [['params=x', 'params.code=1'], 'params', 'as a whole and by its key'],
])('%j contradicts itself', async (words, key, says) => {
  const { faults } = await read(words)

  expect(faults).toEqual([{ key, message: expect.stringContaining(says) }])
})

it('tells all faults at once, each by its key', async () => {
  const { input, faults } = await read(['txet=1', 'count=x', 'level=hgih', 'codes=A', 'isOn=2'])

  const refused = () => checkInput(operation, { ...input, odd: 1 }, { faults, code: 'usage' })

  expect(refused).toThrow(
    'trial.do cannot be called like this, 5 faults:\n' +
      '  txet: unknown key; did you mean text?\n' +
      '  odd: unknown key; it takes text, count, price, isOn, level, codes, sizes, to, params, money, lines, note, token, any\n' +
      '  count: must be a number, not text\n' +
      '  isOn: must be true or false, not text\n' +
      '  level: must be info or high; did you mean high?',
  )
})

it('names what is wrong inside of lists and unions', () => {
  const input = {
    lines: [{ code: 'A', cuont: 2 }],
    params: { code: 4370 },
    to: 79991234567,
  }

  expect(() => checkInput(operation, input)).toThrow(
    'trial.do cannot be called like this, 4 faults:\n' +
      '  lines.0.cuont: unknown key; did you mean count?\n' +
      '  to: must be text or a list, not a number: put it in quotes\n' +
      '  params: code: must be text, not a number: put it in quotes\n' +
      '  lines.0.count: missing; must be a number',
  )
})

it('what stands for a text is that text, whatever it is', async () => {
  const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1e6)
  console.info(`seed ${seed}`)
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('@')),
      async (text) => {
        const { input, faults } = await read([`text=${text}`, `params.x=${text}`])

        expect(faults).toEqual([])
        expect(input).toEqual({ text, params: { x: text } })
      },
    ),
    { seed },
  )
})

describe('operations by name', () => {
  it.each([
    ['sms.snd', 'operation_unknown', 'Did you mean sms.send?'],
    ['sms', 'operation_unknown', 'sms has: sms.send'],
    ['sms.', 'operation_unknown', 'sms has: sms.send'],
    ['smss.send', 'kind_unknown', 'Did you mean sms.send?'],
    ['send', 'kind_unknown', 'Did you mean sms.send?'],
    ['', 'kind_unknown', 'caravan kinds'],
    ['toString', 'kind_unknown', 'caravan kinds'],
    ['sms.constructor', 'operation_unknown', 'sms has'],
  ])('%s is %s', (name, code, says) => {
    let error: unknown
    try {
      operationNamed(name)
    } catch (thrown) {
      error = thrown
    }

    expect(error).toMatchObject({ code, hint: expect.stringContaining(says) })
  })
})
