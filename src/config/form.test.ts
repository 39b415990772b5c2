import { expect, it } from 'vitest'
import { z } from 'zod'
import { secret } from '../core/secret.ts'
import { exampleConfig, exampleVariables } from './example.ts'
import { fieldsOf, validateField, valueText } from './form.ts'
import { loadConfig } from './load.ts'
import { resolveService } from './resolve.ts'

const schema = z.object({
  base_url: z.url().default('https://api.example.com'),
  environment: z.enum(['production', 'test']).default('production'),
  app_id: z.string().min(4).meta({ description: 'SmsSdkAppId', example: '1400006666' }),
  page_size: z.int().min(1).max(100).optional(),
  ratio: z.coerce.number().meta({ description: 'Share of stock' }),
  test_mode: z.boolean().default(false),
  level: z.union([z.literal(1), z.literal(2)]),
  since: z
    .string()
    .transform((text) => text.trim())
    .pipe(z.iso.date())
    .nullable()
    .default(null),
  prices: z.record(z.string(), z.string()).default({}),
  password: secret('of the account'),
  second_password: secret('of the warehouse').optional(),
})

it('sees through optional, default, transform, pipe and union', () => {
  const short = fieldsOf(schema).map(({ name, type, required, isSecret }) => [
    name,
    type,
    required,
    isSecret,
  ])

  expect(short).toEqual([
    ['base_url', 'text', false, false],
    ['environment', 'choice', false, false],
    ['app_id', 'text', true, false],
    ['page_size', 'number', false, false],
    ['ratio', 'number', true, false],
    ['test_mode', 'boolean', false, false],
    ['level', 'choice', true, false],
    ['since', 'text', false, false],
    ['prices', 'yaml', false, false],
    ['password', 'text', true, true],
    ['second_password', 'text', false, true],
  ])
})

it('gives choices, defaults, descriptions, examples and rules', () => {
  const of = (name: string) => fieldsOf(schema).find((field) => field.name === name)

  expect(of('environment')).toMatchObject({
    choices: ['production', 'test'],
    default: 'production',
  })
  expect(of('app_id')).toMatchObject({
    description: 'SmsSdkAppId',
    example: '1400006666',
    rule: 'at least 4 characters',
  })
  expect(of('page_size')?.rule).toBe('a whole number, at least 1, at most 100')
  expect(of('level')?.choices).toEqual([1, 2])
  expect(of('password')?.description).toBe('of the account')
})

it.each([
  ['page_size', '50', 50],
  ['test_mode', 'yes', true],
  ['level', '2', 2],
  ['prices', '{ retail: a }', { retail: 'a' }],
  ['app_id', '1400006666', '1400006666'],
  ['page_size', '${SIZE}', '${SIZE}'],
  ['password', '12345', '12345'],
])('takes %s from the text %j', (name, text, value) => {
  expect(validateField(schema, name, text)).toEqual({ ok: true, value })
})

it('tells groups from lists of words, and writes either as it is typed', () => {
  const fields = fieldsOf(
    z.object({
      templates: z.record(z.string(), z.object({ id: z.string() })).default({}),
      rows: z.array(z.object({ id: z.string() })).default([]),
      to: z.array(z.string()).default(['a', 'b']),
    }),
  )

  expect(fields.map(({ name, type, isGroup }) => [name, type, isGroup])).toEqual([
    ['templates', 'yaml', true],
    ['rows', 'yaml', true],
    ['to', 'yaml', undefined],
  ])
  expect([{}, [], ['a', 'b'], { a: 1 }, [{ a: 1 }], false, 0, ''].map(valueText)).toEqual([
    undefined,
    undefined,
    'a,b',
    '{"a":1}',
    '[{"a":1}]',
    'false',
    '0',
    undefined,
  ])
})

it('names the entry of a list that is wrong, counted from one', () => {
  const lists = z.object({ to: z.array(z.email()) })

  expect(validateField(lists, 'to', ['a@example.com', 'b'])).toMatchObject({
    error: expect.stringMatching(/^entry 2: must be an e-mail address/),
  })
})

it.each([
  ['page_size', 'many', 'must be a number, not text'],
  ['page_size', '500', 'must be at most 100'],
  ['environment', 'prod', 'must be production or test; did you mean production?'],
  ['app_id', '1', 'must have at least 4 characters'],
  ['base_url', 'example', 'must be a URL, such as https://api.example.com'],
  ['password', '', 'must not be empty'],
  ['app_id', '${1', 'a placeholder is not closed with }; a literal ${ is written $${'],
  ['nothing', 'x', 'unknown field'],
])('refuses %s %j', (name, text, error) => {
  expect(validateField(schema, name, text)).toEqual({ ok: false, error })
})

const adapters = [
  { id: 'demo-sms', title: 'Demo SMS', docs: 'https://docs.example.com', config: schema },
]
const options = z.object({ prices: z.boolean().default(true).meta({ description: 'Also prices' }) })
const jobs = [
  { id: 'nightly', title: 'Nightly work', options },
  { id: 'plain', title: 'Plain work' },
]

it('the example is a valid file whose services can be used once its variables are set', async () => {
  const text = exampleConfig(adapters, jobs)
  const env = Object.fromEntries(exampleVariables(adapters).map((name) => [name, '7']))
  const catalogue = {
    adapterIds: ['demo-sms'],
    jobIds: ['nightly', 'plain'],
    configSchemaOf: async () => schema,
    optionsSchemaOf: async (id: string) => (id === 'nightly' ? options : undefined),
  }
  const sources = {
    env,
    readFile: async () => undefined,
    configDir: '/',
    secret: async () => 'dummy',
  }

  const loaded = await loadConfig(
    Buffer.from(text),
    'integrations.example.yaml',
    catalogue,
    sources,
  )
  const { config } = await resolveService(loaded, 'demo-sms', schema, sources)

  expect(loaded.faults).toEqual([])
  expect(config).toMatchObject({ app_id: '1400006666', ratio: 7, environment: 'production' })
  expect(Object.keys(loaded.config.jobs)).toEqual(['nightly', 'plain'])
})

it('the example is the same each time, shows every field and loads with every comment opened', () => {
  const text = exampleConfig(adapters, jobs)

  expect(exampleConfig(adapters, jobs)).toBe(text)
  for (const { name } of fieldsOf(schema))
    expect(text).toMatch(new RegExp(`^ +(# )?${name}: `, 'm'))
  expect(text).toContain('password: ${secret:demo-sms.password}')
})
