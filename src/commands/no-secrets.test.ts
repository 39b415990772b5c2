import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { adapters } from '../adapters/index.ts'
import { addService } from '../app/add.ts'
import { fieldsOf } from '../config/form.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { systemClock } from '../core/clock.ts'
import type { TwinReply, TwinRequest } from '../core/twin.ts'
import { startTwin, type TwinServer } from '../http/twin-server.ts'
import { withAppIn } from '../testing/app.ts'
import { found, plantCanaries, type Planted, secretsOf } from '../testing/canaries.ts'
import { haierProject, project } from '../testing/program.ts'
import { temporaryFolder } from '../testing/state.ts'

/** As it is, and as it stands in addresses, headers and JSON. */
const formsOf = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
]

it('no secret stands in any output, log, config or state', async () => {
  const { twin, run, file, everything } = await haierProject()
  rmSync(file('answers.json'))
  const words = [
    'sync haier-products --prices --stock',
    'sync haier-products --prices --dry-run --json',
    'test haier',
    'show haier --json',
    'list --json',
    'logs --limit 1000 --json',
    'runs --json',
    'status --json',
    'config check --json',
    'secret list --json',
    'export products',
    'export 1c-catalog --to out',
  ]

  let printed = ''
  for (const each of words) {
    const { code, out, err } = await run(each)
    expect({ each, code }).toEqual({ each, code: 0 })
    printed += out + err
  }
  twin.faults.add({ fault: 'business-error' })
  const failed = await run('--debug test haier')
  printed += failed.out + failed.err

  const secrets = Object.entries(twin.config)
    .filter(([name]) => /secret|password/.test(name))
    .map(([, value]) => String(value))
  expect(secrets.length).toBeGreaterThan(5)
  const everywhere = printed + everything()
  for (const form of secrets.flatMap(formsOf)) expect(everywhere).not.toContain(form)
})

/** One question that every adapter of a kind can be asked. */
const questions: Record<string, (config: Record<string, unknown>) => string[]> = {
  supplier: () => ['supplier.getBalance'],
  alert: () => ['alert.notify', 'title=canary-note', 'text=canary-note', 'level=critical'],
  sms: ({ templates }) => [
    'sms.send',
    'to=+8618501234444',
    ...(Object.keys(templates ?? {}).length > 0
      ? [`template=${Object.keys(templates ?? {})[0]}`]
      : ['text=canary-note']),
  ],
}

/** What the config of a twin must hold beside it for a secret field that it leaves out. */
const besides: Record<string, Record<string, unknown>> = {
  twilio: { api_key_sid: `SK${'0123456789abcdef'.repeat(2)}`, api_key_secret: 'to be replaced' },
}

type Subject = { name: string; adapter: AnyAdapter; twin: TwinServer; config: Planted }

const isKnown = ({ name }: Subject): boolean => name.endsWith('-known')

/** Every adapter three times: as its twin knows it, refused by its twin, and before a vendor that quotes the request. */
async function everyAdapter(): Promise<Subject[]> {
  const subjects = await Promise.all(
    adapters.map(async ({ id, load }): Promise<Subject[]> => {
      const adapter = await load()
      const start = async () => {
        const twin = await startTwin(adapter.twin)
        onTestFinished(twin.close)
        return twin
      }
      const [known, refusing, quoting] = [await start(), await start(), await start()]
      quoting.twin.handle = quote
      const right = { config: known.config, fields: [], secrets: secretsOf(adapter, known.config) }
      const planted = (twin: TwinServer, salt: string) =>
        plantCanaries(adapter, { ...twin.config, ...besides[id] }, salt)
      return [
        { name: `${id}-known`, adapter, twin: known, config: right },
        { name: `${id}-refused`, adapter, twin: refusing, config: planted(refusing, 'refused') },
        { name: `${id}-quoted`, adapter, twin: quoting, config: planted(quoting, 'quoted') },
      ]
    }),
  )
  return subjects.flat()
}

/** All that was sent to it, in every place where a vendor may quote a request. */
function quote({ headers, path, query, body }: TwinRequest): TwinReply {
  const said = `${path} ${query.toString()} ${JSON.stringify(headers)} ${body.toString()}`
  const codes = { code: 'C1', errcode: 'C1', error_code: 'C1', status_code: 'C1', Code: 'C1' }
  const words = { message: said, msg: said, errmsg: said, description: said, status_text: said }
  const more = { Message: said, error: said, success: false, ok: false, status: 'ERROR' }
  return {
    status: 400,
    json: { ...codes, ...words, ...more },
    headers: { 'x-echo': encodeURIComponent(said) },
  }
}

/** What `ps` shows of every process, as often as it is asked until the end. */
function watchProcesses(): { seen: Set<string>; end(): Promise<void> } {
  const seen = new Set<string>()
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${id}/cmdline`, 'latin1'))
        } catch {
          // It has ended, or is none of ours.
        }
      }
      await systemClock.sleep(150)
    }
  })()
  return {
    seen,
    async end() {
      over.abort()
      await watching
    },
  }
}

/** Several at once, for a start of the program takes longer than what it does. */
async function eachOf<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item)
    }),
  )
}

it('no secret of any adapter stands in output, logs, files, exports, state or process list', async () => {
  const subjects = await everyAdapter()
  const secrets = [...new Set(subjects.flatMap(({ config }) => config.secrets))]
  const made = await project()
  const processes = existsSync('/proc/self/cmdline') ? watchProcesses() : undefined
  let printed = ''
  const run = async (words: string | string[]) => {
    const ended = await made.run(words)
    printed += `${ended.out}\n${ended.err}\n`
    return ended
  }

  // Every secret field of every adapter is planted.
  for (const { adapter, name, config } of subjects.filter((each) => !isKnown(each))) {
    const all = fieldsOf(adapter.config).flatMap((field) => (field.isSecret ? [field.name] : []))
    expect({ name, fields: config.fields }).toEqual({ name, fields: all })
  }

  // A test fails before anything is saved; then all are added as they are.
  const aside = temporaryFolder()
  const refused = subjects.filter(({ name }) => name.endsWith('-refused'))
  await eachOf(
    refused.filter(
      ({ adapter }, at) => refused.findIndex((one) => one.adapter.kind === adapter.kind) === at,
    ),
    async ({ name, adapter, config }) => {
      const answers = join(aside, `${name}.json`)
      writeFileSync(answers, JSON.stringify(config.config))
      await run(['add', adapter.id, name, '--answers', answers, '--debug'])
    },
  )
  for (const { name, adapter, config } of subjects) {
    if (made.read('integrations.yaml').includes(`\n  ${name}:`)) continue
    const service = { name, adapter: adapter.id, values: config.config, test: 'skip' as const }
    await withAppIn(made.folder, (app) => addService(app, { ...service, say: () => undefined }))
  }
  const settings = 'retry: { attempts: 1 }\n    rate_limit: { per_second: none }\n    '
  const file = made.read('integrations.yaml')
  made.write('integrations.yaml', file.replace(/^ {4}(?=adapter: )/gm, `    ${settings}`))
  expect(found(secrets, made.read('integrations.yaml'))).toEqual([])

  // Those that are refused are refused again by "test" below.
  await eachOf(
    subjects.filter((each) => !refused.includes(each)),
    async (subject) => {
      const { name, adapter, config, twin } = subject
      if (isKnown(subject)) twin.faults.add({ fault: 'latency', delay_ms: 200, times: 1 })
      const words = questions[adapter.kind.id]?.(config.config) ?? []
      const how = isKnown(subject) ? '--json' : '--debug'
      await run(['call', ...words, '--service', name, '--yes', how])
    },
  )
  const anyAlert = questions.alert?.({}) ?? []
  await run(['call', ...anyAlert, '--yes', '--queue'])
  for (const { twin } of subjects) twin.faults.add({ fault: 'business-error', times: 1 })
  const { slots } = await made.json<{ slots: { recipient: string }[] }>('key list')
  const runAll = (lines: string[]) =>
    eachOf(lines, async (words) => {
      const { code, err } = await run(words)
      expect({ words, err, isUsage: code === 2 }).toMatchObject({ words, isUsage: false })
    })
  for (const words of ['--debug test --all', 'test --all --json', 'test --all --format junit']) {
    await runAll([words]) // each meets what the one before has left
  }
  await runAll([
    'show slack-webhook-quoted --json',
    'list --json',
    'logs list --limit 1000 --json',
    'logs list --limit 1000',
    'runs list --json',
    'queue list --json',
    'breaker list --json',
    'route explain alert --json',
    'status --json',
    'config check --json',
    'config explain --json',
    'config history --json',
    'doctor --json',
    'secret list --json',
    'backup kept.db',
    `config bundle moved.bundle --for ${slots[0]?.recipient}`,
  ])
  const { calls } = await made.json<{ calls: { id: string; service: string; outcome: string }[] }>(
    'logs list --limit 1000',
  )
  await eachOf(
    calls.filter(({ service }) => service.endsWith('-quoted')).slice(0, 6),
    async ({ id }) => void (await run(['logs', 'show', id, '--json'])),
  )
  await processes?.end()

  // It has been tried in earnest, and what is planted would be found.
  const tried = (service: string, outcome: string) =>
    calls.some((call) => call.service === service && call.outcome === outcome)
  for (const { id } of adapters) {
    expect({ id, known: tried(`${id}-known`, 'done') }).toEqual({ id, known: true })
    expect({ id, refused: tried(`${id}-refused`, 'failed') }).toEqual({ id, refused: true })
  }
  const values = subjects.flatMap(({ config: { config, fields } }) =>
    fields.map((at) => config[at]),
  )
  expect(found(values.map(String), JSON.stringify(values))).toHaveLength(values.length)
  expect(made.everything()).toContain('canary-note')
  for (const name of ['kept.db', 'moved.bundle']) expect(existsSync(made.file(name))).toBe(true)

  expect(found(secrets, printed)).toEqual([])
  expect(found(secrets, Buffer.from(made.everything(), 'latin1'))).toEqual([])
  expect(found(secrets, [...(processes?.seen ?? [])].join('\n'))).toEqual([])
}, 240_000)
