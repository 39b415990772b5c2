import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { haierProject, project } from '../testing/program.ts'
import { servedProject } from '../testing/served-project.ts'
import {
  keys,
  openTerminal,
  plain,
  startOnTerminal,
  whyNoTerminal,
  widerThan,
} from '../testing/terminal.ts'

type Answer = {
  id: string | null
  outcome: string
  service: string | null
  output: Record<string, unknown> | null
  items?: unknown[]
  error: { kind: string; hint: string } | null
}

const text = 'text=Your order is on its way'
const send = ['call', 'sms.send', 'to=+79991234567', text]

type Rehearsal = {
  services: string[]
  not_asked: { service: string; why: string; until: string | null }[]
  queued: boolean
}

const parsed = (out: string): Answer => JSON.parse(out) as Answer

describe('reading', () => {
  it('prints an answer as a record and rows, as JSON, as lines and as CSV', async () => {
    const { run, json } = await haierProject()

    const table = await run('call supplier.getBalance')
    const answer = await json<Answer>('call supplier.getBalance')
    const lines = await run('call supplier.getBalance --output jsonl')
    const csv = await run('call supplier.getBalance --output csv')

    expect(table).toMatchObject({ code: 0 })
    expect(table.out).toMatch(/^ACCOUNT +ACCOUNT NAME +GROUP +GROUP NAME +BALANCE\n/)
    expect(table.out).toContain('125000.50 CNY')
    expect(table.err).toMatch(/^supplier\.getBalance: done by haier\. Call 01\w+\n$/)
    expect(answer).toMatchObject({ outcome: 'done', service: 'haier', error: null })
    const { accounts = [] } = answer.output as { accounts: { account: string }[] }
    expect(
      lines.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(accounts)
    expect(csv.out).toMatch(/^account,accountName,.*\r\n/)
    expect(csv.out.trim().split('\r\n')).toHaveLength(accounts.length + 1)
  })

  it('prints what an operation lists', async () => {
    const { run, json } = await haierProject()

    const { items = [], output } = await json<Answer>('call supplier.listProducts')
    const lines = await run('call supplier.listProducts --output jsonl')

    expect(items).toHaveLength(30)
    expect(output).toEqual({ count: 30 })
    expect(lines.out.trim().split('\n')).toHaveLength(30)
  })

  it('a failure is told with its exit code, and as JSON with its call', async () => {
    const { run, twin } = await haierProject()
    await twin.close()

    const { code, out, err } = await run('call supplier.getBalance --json')

    expect(code).toBe(5)
    const answer = parsed(out)
    expect(answer).toMatchObject({
      outcome: 'failed',
      output: null,
      error: { kind: 'unavailable' },
    })
    expect(err).toContain(`caravan logs show ${answer.id}`)
  })
})

describe('consent', () => {
  it('nothing is sent without a yes; with it the numbers stand in rows', async () => {
    const { run, twins } = await servedProject({ 'sms-main': 'sms-ru' })

    const unasked = await run(send)
    const before = twins['sms-main']?.twin.stats().messages
    const sent = await run([...send, 'to=+79991234568', '--yes'])

    expect(unasked).toMatchObject({ code: 7, out: '' })
    expect(unasked.err).toContain('Say it with --yes.')
    expect(before).toBe(0)
    expect(sent.code).toBe(0)
    expect(sent.out).toMatch(
      /\nTO +STATUS +MESSAGE ID\n\+79991234567 +accepted +\S+\n\+79991234568/,
    )
  })

  it('a part that failed is exit 3, with a row for each number', async () => {
    const { run } = await servedProject({ 'sms-main': 'sms-ru' })

    const table = await run([...send, 'to=+79160000207', '--yes'])
    const { code, out } = await run([...send, 'to=+79160000207', '--yes', '--json'])

    expect(table.code).toBe(3)
    expect(table.out).toMatch(/\+79160000207 +failed/)
    expect(table.err).toContain('partly done by sms-main')
    expect(code).toBe(3)
    expect(parsed(out)).toMatchObject({
      outcome: 'partial',
      output: { recipients: [{ status: 'accepted' }, { status: 'failed' }] },
    })
  })

  it('an outcome that nobody knows is exit 6 and says what not to do', async () => {
    const { run, fault, twins } = await servedProject({ 'sms-main': 'sms-ru' })
    await fault('sms-main', 'act-then-reset')

    const { code, out, err } = await run([...send, '--yes', '--json'])

    expect(code).toBe(6)
    const answer = parsed(out)
    expect(answer).toMatchObject({ outcome: 'unknown', service: 'sms-main' })
    expect(answer.error?.hint).toContain(`caravan queue settle ${answer.id}`)
    expect(err).toContain('Do not just call again')
    const later = await run(['call', 'result', answer.id ?? ''])
    expect(later).toMatchObject({ code: 6, err: expect.stringContaining('--not-sent') })
    expect(twins['sms-main']?.twin.stats().messages).toBe(1)
  })

  it('the same key again sends nothing, and answers as before', async () => {
    const { run, twins } = await servedProject({ 'sms-main': 'sms-ru' })
    const keyed = [...send, '--yes', '--json', '--idempotency-key', 'order-7']

    const first = parsed((await run(keyed)).out)
    const second = parsed((await run(keyed)).out)

    expect(second).toMatchObject({ id: first.id, outcome: 'done', output: first.output })
    expect(twins['sms-main']?.twin.stats().messages).toBe(1)
  })

  it('--queue prints the id alone and sends nothing', async () => {
    const { run, twins, json } = await servedProject({ 'sms-main': 'sms-ru' })

    const { code, out, err } = await run([...send, '--yes', '--queue'])

    expect(code).toBe(6)
    expect(out).toMatch(/^[0-9A-Z]{26}\n$/)
    expect(err).toContain(`caravan call result ${out.trim()}`)
    expect(twins['sms-main']?.twin.stats().messages).toBe(0)
    const { calls } = await json<{ calls: { id: string; outcome: string }[] }>('logs list')
    expect(calls).toMatchObject([{ id: out.trim(), outcome: 'accepted' }])
  })
})

describe('a dry run', () => {
  it('says who would be asked for what, masked, and sends nothing', async () => {
    const { run, twins } = await servedProject({ first: 'sms-ru', second: 'sms-ru' })
    const { run: off } = await project()

    const { code, out, err } = await run([...send, '--dry-run', '--service', 'second', '--json'])
    const table = await run([...send, '--dry-run'])
    const nobody = await off([...send, '--dry-run'])

    expect({ code, err }).toEqual({ code: 0, err: 'Dry run: nothing was sent.\n' })
    expect(JSON.parse(out)).toEqual({
      dry_run: true,
      operation: 'sms.send',
      effect: 'message',
      input: { text: 'Your order is on its way', to: ['+79…67'] },
      services: ['second'],
      first_among: 1,
      not_asked: [],
      queued: false,
      consent: 'yes',
      amount: null,
    })
    expect(table.out).toMatch(/service +first or second, drawn by weight\n/)
    expect(table.out).toMatch(/if that fails +the next of them\n/)
    expect(table.out).not.toContain('79991234567')
    expect(nobody).toMatchObject({ code: 1, out: '' })
    expect(nobody.err).toContain('no_service')
    expect(Object.values(twins).map(({ twin }) => twin.stats().requests)).toEqual([0, 0])
  })
})

it('a dry run asks the breakers and the configs as a call would', async () => {
  const { run, json } = await servedProject({ first: 'sms-ru', second: 'tencent-sms' })
  const rehearsal = (word: string) =>
    json<Rehearsal>(`call sms.send to=+8618501234444 ${word} --dry-run`)

  const free = await rehearsal('text=hello')
  const template = await rehearsal('template=1110')
  await run('breaker trip first --reason maintenance')
  const tripped = await rehearsal('text=hello')
  const table = await run('call sms.send to=+8618501234444 text=hello --dry-run')

  expect(free).toMatchObject({ services: ['first'], queued: false })
  expect(free.not_asked).toMatchObject([{ service: 'second', until: null }])
  expect(template).toMatchObject({
    services: ['second'],
    not_asked: [{ service: 'first', why: expect.stringContaining('no template named 1110') }],
  })
  expect(tripped).toMatchObject({ services: [], queued: false })
  expect(tripped.not_asked.map(({ service }) => service)).toEqual(['first', 'second'])
  expect(table.out).toMatch(/service +nobody could take it now\n/)
  expect(table.out).toContain('maintenance')
})

it('a dry run says that a call would be queued where nobody can take it', async () => {
  const { run, folder } = await servedProject({ first: 'sms-ru' })
  appendFileSync(
    join(folder, 'integrations.yaml'),
    '\nroutes:\n  sms: { when_unavailable: queue }\n',
  )
  await run('breaker trip first --reason maintenance')

  const { out } = await run([...send, '--dry-run'])

  expect(out).toMatch(/service +nobody could take it now; it would be queued\n/)
})

describe('formats', () => {
  it.each([
    [['--json', '--output', 'csv'], '--output <format> cannot be used with option --json'],
    [['--dry-run', '--output', 'csv'], 'a dry run lists nothing'],
    [['--confirm', 'abc'], 'moves no money'],
  ])('%j is refused before anything is sent', async (words, says) => {
    const { run, twins } = await servedProject({ 'sms-main': 'sms-ru' })

    const { code, err } = await run([...send, '--yes', ...words])

    expect(code).toBe(2)
    expect(err).toContain(says)
    expect(twins['sms-main']?.twin.stats().requests).toBe(0)
  })

  it('a call that could not be made is an answer too with --json', async () => {
    const { run } = await servedProject({ 'sms-main': 'sms-ru' })
    const refused = [
      await run(['call', 'sms.send', 'to=abc', 'text=x', '--json']),
      await run([...send, '--json']),
      await run([...send, '--yes', '--service', 'nobody', '--json']),
    ]

    expect(refused.map(({ code, out }) => [code, parsed(out)])).toMatchObject([
      [2, { id: null, operation: 'sms.send', outcome: 'failed', error: { code: 'usage' } }],
      [7, { id: null, error: { kind: null, code: 'consent_missing' } }],
      [10, { id: null, error: { code: 'service_unknown' } }],
    ])
  })
})

it('says what it waits for while the service is asked again', async () => {
  const { run, twin } = await haierProject()
  twin.faults.add({ fault: 'rate-limited', times: 1, retry_after: 4 })

  const { code, err } = await run('call supplier.getBalance')

  expect(code).toBe(0)
  expect(err).toMatch(/^haier is asked again in \S+ s: attempt 2 of 3\.\nNo answer yet;/)
})

describe('wrong words', () => {
  it.each<[words: string[], code: number, says: string[]]>([
    [['call'], 2, ['which operation', 'sms.send', 'alert.notify']],
    [['call', 'sms.snd'], 10, ['operation_unknown', 'Did you mean sms.send?']],
    [['call', 'smms.send'], 10, ['kind_unknown', 'Did you mean sms.send?']],
    [
      ['call', 'sms.send', 'tto=1', 'text=x', 'template=y', 'to=abc'],
      2,
      [
        '3 faults',
        'tto: unknown key; did you mean to?',
        'text: give either',
        'to: abc is not a telephone number',
      ],
    ],
    [['call', 'sms.send', '--to', '5'], 2, ['unknown option --to', 'to=…']],
    [['call', 'sms.send', '--dryrun'], 2, ['Did you mean --dry-run?']],
    [[...send, '--service', 'nobody', '--yes'], 10, ['nobody']],
    [[...send, '--data', '', '--yes'], 2, ['--data: its value is empty']],
  ])('%j is exit %i', async (words, code, says) => {
    const { run } = await project()

    const ended = await run(words)

    expect(ended).toMatchObject({ code, out: '' })
    for (const each of says) expect(ended.err).toContain(each)
  })
})

it('the input comes from stdin as well', async () => {
  const { run, twins } = await servedProject({ 'sms-main': 'sms-ru' })
  const data = JSON.stringify({ to: '+79991234567', text: 'hello' })

  const { code } = await run(['call', 'sms.send', '--data', '-', '--yes'], { stdin: data })

  expect(code).toBe(0)
  expect(twins['sms-main']?.twin.stats().messages).toBe(1)
})

describe('help', () => {
  it('lists the operations, and shows one with its inputs and who serves it', async () => {
    const { run } = await servedProject({ 'sms-main': 'sms-ru' })
    await run('disable sms-main --reason maintenance')

    const all = await run('call --help')
    const one = await run('call sms.send --help')

    expect(all).toMatchObject({ code: 0, err: '' })
    expect(all.out).toContain('\n  alert.notify')
    expect(one).toMatchObject({ code: 0, err: '' })
    expect(one.out.replaceAll(/\s+/g, ' ')).toContain('not by sms-main: disabled: switched off by')
    expect(one.out).toContain('caravan call sms.send to=+8618501234444 template=order_shipped')
    expect(widerThan(80, all.out + one.out)).toEqual([])
  })
})

const why = whyNoTerminal()
if (why) console.warn(`not tested on a terminal: ${why}`)

describe.skipIf(why)('on a terminal', () => {
  it('asks before it sends, and takes a no', async () => {
    const { folder, twins } = await servedProject({ 'sms-main': 'sms-ru' })
    const ask = async (answer: string) => {
      const terminal = startOnTerminal(send, { cwd: folder })
      await terminal.prints('sms-main?')
      terminal.type(`${answer}${keys.enter}`)
      return terminal.ended
    }

    const refused = await ask('n')
    const between = twins['sms-main']?.twin.stats().messages
    const agreed = await ask('y')

    expect(refused.code).toBe(7)
    expect(between).toBe(0)
    expect(plain(refused.screen).replaceAll(/\s+/g, ' ')).toContain(
      'Call sms.send, which sends a message to 1 recipient, text "Your order is on its way" (24 characters), ' +
        'through sms-main?',
    )
    expect(agreed.code).toBe(0)
    expect(plain(agreed.screen)).toContain('sms.send: done by sms-main')
  })

  it.each([
    ['1299.00', 'agreed'],
    ['1299.01', 'another amount was confirmed'],
    ['y', 'another amount was confirmed'],
  ])('the amount of a payment is typed: %s', async (typed, says) => {
    const child = join(import.meta.dirname, '../testing/confirm-amount-child.ts')
    const options = { cwd: import.meta.dirname, program: process.execPath }
    const terminal = openTerminal([child], options)
    await terminal.prints('Type the amount:')
    terminal.type(`${typed}${keys.enter}`)

    const { screen } = await terminal.ended

    await terminal.stop()
    expect(plain(screen)).toContain('payment.refund moves 1299.00 CNY')
    expect(plain(screen).replaceAll(/\s+/g, ' ')).toContain(says)
  })
})

it.each([
  [[], 'consent_missing', '--confirm 1299.00'],
  [['1299'], 'agreed', ''],
  [['yes'], 'consent_missing', '--confirm 1299.00'],
])('without a terminal --confirm is all there is: %j', (words, says, hint) => {
  const child = join(import.meta.dirname, '../testing/confirm-amount-child.ts')

  const { stdout } = spawnSync(process.execPath, [child, ...words], { encoding: 'utf8' })

  expect(stdout).toContain(says)
  expect(stdout).toContain(hint)
})
