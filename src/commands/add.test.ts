import { describe, expect, it } from 'vitest'
import { haierProject, haierTwin, project } from '../testing/program.ts'

const secrets = {
  client_id: 'planted-client-id',
  client_secret: 'planted-client-secret',
  password: 'planted-password',
  seller_password: 'planted-seller-password',
}

it('tests, stores the secrets encrypted and writes placeholders into the file', async () => {
  const { twin, read, json, everything } = await haierProject()

  const file = read('integrations.yaml')
  const { services } = await json<{ services: object[] }>('list')

  expect(services).toMatchObject([{ name: 'haier', state: 'enabled' }])
  expect(file).toContain('client_secret: ${secret:haier.client_secret}')
  expect(file).toContain('# Jobs run by hand')
  expect(everything().split(String(twin.config.client_secret))).toHaveLength(2) // answers.json alone
})

it('names every flag that is missing when nobody can be asked', async () => {
  const { run } = await project()

  const { code, out, err } = await run('add haier')

  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatchInlineSnapshot(`
    "✗ haier needs more values (value_missing):
      --client-id        Client id of the open platform (secret)
      --client-secret    Client secret of the open platform (secret)
      --customer-code    Sold-to code of the account (售达方编码, the "eight-code")
      --password         Agreed password of catalogue and price queries (secret)
      --seller-password  Password of stock and logistics queries (secret)
      Give them as flags, or all of them with --answers file.json; a secret as "-" to pipe it in, or as a \${placeholder}.
    "
  `)
})

it.each([
  ['add', '✗ which adapter is to be added? (value_missing)\n  Name one of: haier, '],
  ['add hair', 'Did you mean haier?'],
  ['add haier --client-secrt x', 'Did you mean --client-secret?'],
  ['add haier --environment moon', 'allowed choices are test, stage, production'],
  ['add haier --customer-code 12', 'customer_code: must be 10 digits'],
  ['add haier Bad/Name', 'Bad/Name: a name is small letters'],
  [`add haier ${'a'.repeat(65)}`, '(at most 64 characters)'],
  ['add haier one two', 'too many arguments: caravan add takes [adapter] [name], then flags'],
  ['add haier --client-id - --password -', 'stdin can hold one value, not 2'],
])('%s is refused with words that help', async (words, told) => {
  const { run, read } = await project()
  const before = read('integrations.yaml')

  const { code, out, err } = await run(words)

  expect(err).toContain(told)
  expect({ code, out }).toEqual({ code: words === 'add hair' ? 10 : 2, out: '' })
  expect(read('integrations.yaml')).toBe(before)
})

it('refuses a secret among the words and does not repeat it', async () => {
  const { run, everything } = await project()

  const { code, out, err } = await run(`add haier --client-secret ${secrets.client_secret}`)

  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('a secret on the command line can be read by everybody')
  expect(err + everything()).not.toContain(secrets.client_secret)
})

it('takes placeholders for secrets, and one value from stdin', async () => {
  const { run, read, json } = await project()

  const { code, err } = await run(
    'add haier --no-test --client-id ${HAIER_ID} --client-secret ${HAIER_SECRET} --password - ' +
      '--seller-password ${file:seller.txt} --customer-code 8800633175',
    { stdin: 'typed-password\n' },
  )

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(read('integrations.yaml')).toContain('client_id: ${HAIER_ID}')
  expect(read('integrations.yaml')).toContain('seller_password: ${file:seller.txt}')
  expect(read('integrations.yaml')).toContain('customer_code: "8800633175"')
  expect(await json('secret list')).toMatchObject({ secrets: [{ name: 'haier.password' }] })
})

it('tells everything that is wrong with the answers at once', async () => {
  const { run, write } = await project()
  write('answers.json', JSON.stringify({ client_idd: 'x', customer_code: 5, environment: 'moon' }))

  const { code, err } = await run('add haier --answers answers.json')

  expect(code).toBe(2)
  for (const field of [
    'client_idd: unknown field',
    'customer_code: must be',
    'environment: must be',
  ])
    expect(err).toContain(field)
})

it.each([
  ['there is no such file', 10, undefined],
  ['is not one JSON object', 2, '[1]'],
  ['answers.json:1:6 is no JSON', 2, '{"a":'],
  ['answers.json:2:8 is no JSON', 2, '{"a": 1,\n  "b": planted}'],
  ['answers.json:2:1 is no JSON', 2, '{"a": 1,\n}'],
])('says of the answers file: %s', async (told, exit, text) => {
  const { run, write } = await project()
  if (text !== undefined) write('answers.json', text)

  const { code, err } = await run('add haier --answers answers.json')

  expect({ code, err }).toMatchObject({ code: exit, err: expect.stringContaining(told) })
  expect(err).not.toContain('planted')
})

it.each([
  ['business-error', 'credentials', 4],
  ['error-500', 'the vendor is down', 5],
])('saves nothing when the test fails: %s', async (fault, _, exit) => {
  const twin = await haierTwin()
  const { run, read, write, json } = await project()
  const wrong = fault === 'business-error' ? { client_secret: 'wrong' } : {}
  write('answers.json', JSON.stringify({ ...twin.config, ...wrong }))
  if (fault === 'error-500') twin.faults.add({ fault })
  const before = read('integrations.yaml')

  const { code, out, err } = await run('add haier --answers answers.json')

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toMatch(/^✗ haier check: /)
  expect(err).toMatch(/add --save-untested\. Nothing was saved\.\n/)
  expect(read('integrations.yaml')).toBe(before)
  expect(await json('secret list')).toEqual({ secrets: [] })
})

it('saves untested when asked to, and says that the test failed', async () => {
  const twin = await haierTwin()
  const { run, write, json } = await project()
  write('answers.json', JSON.stringify({ ...twin.config, client_secret: 'wrong' }))

  const { code, out, err } = await run('add haier --answers answers.json --save-untested')

  expect(code).toBe(0)
  expect(out).toMatch(/^ *test +failed: ./m)
  expect(err).toContain('The connection test failed: ')
  expect(await json('list')).toMatchObject({ services: [{ name: 'haier' }] })
})

it('refuses a name that is taken before it asks or tests anything', async () => {
  const { run, twin } = await haierProject()
  const before = twin.twin.stats()

  const { code, err } = await run('add haier --answers answers.json')

  expect(code).toBe(2)
  expect(err).toContain('there is a service named haier already (service_exists)')
  expect(err).toContain('caravan add haier haier-2')
  expect(twin.twin.stats()).toEqual(before)
})

it('adds a second service under a name of its own', async () => {
  const { run, json } = await haierProject()

  const { code } = await run('add haier haier-2 --answers answers.json')

  expect(code).toBe(0)
  expect(await json('list')).toMatchObject({ services: [{ name: 'haier' }, { name: 'haier-2' }] })
})

it('shows the fields of an adapter in its help', async () => {
  const { run } = await project()

  const { code, out } = await run('add haier --help')

  expect(code).toBe(0)
  expect(out).toMatch(/Fields of haier:\n.*--client-secret <value>/s)
  expect(out).toContain('$ caravan add haier')
})

describe('fields that are groups', () => {
  const plain =
    'add tencent-sms --no-test --secret-id ${ID} --secret-key ${KEY} --app-id 1400006666'
  const words = [...plain.split(' '), '--sign-name', 'Caravan', '--templates']

  it('are shown as JSON and taken as JSON, when added and when edited', async () => {
    const { run, read } = await project()

    const help = await run('add tencent-sms --help')
    const added = await run([...words, '{"code":{"id":"1110","params":["a","b"]}}'])
    const before = read('integrations.yaml')
    const edited = await run([
      'edit',
      'tencent-sms',
      '--no-test',
      '--templates',
      '{"x":{"id":"7"}}',
    ])
    const refused = await run([...words.toSpliced(2, 0, 'other'), '{"code":{"id":7}}'])

    expect(help.out).not.toContain('[object Object]')
    expect(help.out.replaceAll(/\s+/g, ' ')).toContain('(a group: give it as JSON')
    expect(help.out).toMatch(/\n {2}\$ caravan add tencent-sms\n/)
    expect(help.out).not.toContain('haier')
    expect(added).toMatchObject({ code: 0 })
    expect(before).toMatch(/templates:\n? *(?:\{ *)?code/)
    expect(edited.code).toBe(0)
    expect(read('integrations.yaml')).toMatch(/templates:\n? *(?:\{ *)?x/)
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('templates: code: id: must be text')
  })

  it('answers come from stdin too', async () => {
    const { run } = await project()
    const answers = {
      secret_id: '${ID}',
      secret_key: '${KEY}',
      app_id: '1400006666',
      sign_name: 'Caravan',
    }
    const add = 'add tencent-sms --no-test --answers -'

    const twice = await run(`${add} --token -`, { stdin: '{}' })
    const added = await run(add, { stdin: JSON.stringify(answers) })

    expect(twice.err).toContain('stdin can hold one value, not 2')
    expect(added).toMatchObject({ code: 0 })
  })
})
