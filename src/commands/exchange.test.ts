import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { haierProject, project, type Project } from '../testing/program.ts'

const example = resolve(import.meta.dirname, '../../examples/1c-catalog')
const hashOf = ({ file }: Project, name: string): string =>
  createHash('sha256')
    .update(readFileSync(file(name)))
    .digest('hex')

it('imports the example, and tells loudly which price types have no field', async () => {
  const { run, json } = await project()

  const dry = await run(`import 1c ${example} --dry-run`)
  const first = await run(`import 1c ${example}`)
  const second = await json(`import 1c ${example}`)

  expect(dry).toMatchObject({ code: 0, err: expect.stringContaining('nothing was written') })
  expect(dry.out).toMatch(/^new {2}[\w-]+ {2}Холодильник двухкамерный/m)
  expect(first.code).toBe(0)
  expect(first.out).toMatch(/created +19\n/)
  expect(first.err).toContain('! 2 price types of 1C without a price column')
  expect(first.err).toMatch(/"2c3efe9e-b200-5e7a-aaf8-4b4713aff734": .* # Оптовая/)
  expect(second).toMatchObject({ counters: { created: 0, unchanged: 19 } })
})

it('uses the price types of the config', async () => {
  const { run, read, write } = await project()
  write(
    'integrations.yaml',
    `${read('integrations.yaml')}  1c-catalog:
    with:
      price_types: { 2c3efe9e-b200-5e7a-aaf8-4b4713aff734: supply_price, 6f812848-c535-59c2-89b8-e1ea9e9b3b06: market_price }
`,
  )

  const { code, err } = await run(`import 1c ${example}`)
  const { out } = await run('export products --format json')

  expect({ code, told: err.includes('without a price column') }).toEqual({ code: 0, told: false })
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({
      name: 'Холодильник двухкамерный Haier C2F637CWMV',
      supply_price: '54990.00',
    }),
  )
})

it('writes the same bytes for the same catalogue', async () => {
  const home = await haierProject()
  await home.run('sync haier-products --prices --stock')

  const first = await home.run('export 1c-catalog --to one')
  const asJson = await home.json('export 1c-catalog --to two --schema-version 2.07')

  expect(first.code).toBe(0)
  expect(first.out).toMatch(/^one\/import\.xml +\d+ records, /)
  expect(asJson).toMatchObject({ files: [{ file: 'two/import.xml' }, { file: 'two/offers.xml' }] })
  for (const name of ['import.xml', 'offers.xml'])
    expect(hashOf(home, `one/${name}`)).toBe(hashOf(home, `two/${name}`))
})

it('writes no customers where there are none, and touches no file', async () => {
  const { run, file } = await project()

  expect(await run('export 1c-customers --to out')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('there are no customers to write; no file was touched'),
  })
  expect(() => statSync(file('out'))).toThrow('ENOENT')
})

it('writes products as CSV or JSON, to a file or stdout', async () => {
  const { run, read } = await haierProject()
  await run('sync haier-products --prices --stock')

  const csv = await run('export products')
  const toFile = await run('export products --format json --to products.json')
  const none = await run('export products --format json --source nobody')

  expect(csv.out).toMatch(/^source,code,name,/)
  expect(csv.out.trim().split('\n')).toHaveLength(31)
  expect(toFile).toEqual({ code: 0, out: '', err: '30 products in products.json\n' })
  expect(JSON.parse(read('products.json'))).toHaveLength(30)
  expect(none).toMatchObject({ code: 10, out: '', err: expect.stringContaining('nobody') })
})

it.each([
  ['garbage', 'this is no XML', /garbage\.xml/],
  ['cut off in mid-element', undefined, /import\.xml/],
  [
    'with a DTD',
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>',
    /hostile\.xml|DTD|DOCTYPE/,
  ],
])(
  'a file that is %s is refused with its place, and the catalogue stays as it was',
  async (kind, text, told) => {
    const { run, file } = await project()
    await run(`import 1c ${example}`)
    const before = await run('export products')
    const whole = readFileSync(`${example}/import.xml`)
    const name = kind === 'garbage' ? 'garbage.xml' : text ? 'hostile.xml' : 'import.xml'
    writeFileSync(file(name), text ?? whole.subarray(0, whole.length * 0.7))

    const { code, err } = await run(`import 1c ${name}`)

    expect(code).toBe(1)
    expect(err).toMatch(told)
    expect(err).toMatch(/✗ .*\((xml_malformed|xml_limit|input_invalid)\)/)
    expect((await run('export products')).out).toBe(before.out)
  },
)

it('a path that is not there is told by its name, and is no run', async () => {
  const { run } = await project()

  const { code, err } = await run('import 1c nowhere/')

  expect(code).toBe(10)
  expect(err).toContain('nowhere')
  expect(err).toContain('(file_missing)')
  expect((await run('runs')).err).toBe('There are no runs yet.\n')
})
