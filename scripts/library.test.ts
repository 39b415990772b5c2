/** The library as its user meets it: the packed program installed beside a project of its own. */
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { cleanEnv, definedOnly, programPath } from '../src/testing/program.ts'
import { servedProject } from '../src/testing/served-project.ts'
import { temporaryFolder } from '../src/testing/state.ts'

const root = resolve(import.meta.dirname, '..')
const example = readFileSync(join(root, 'examples/library/order-shipped.mjs'), 'utf8')
const page = readFileSync(join(root, 'docs/library.md'), 'utf8')

type Ended = { code: number; out: string; err: string }

const run = (command: string, words: string[], cwd: string): Promise<Ended> =>
  new Promise((end) => {
    const env = { ...definedOnly(cleanEnv(cwd)), npm_config_cache: join(cwd, '.npm') }
    execFile(command, words, { cwd, env }, (error, out, err) =>
      end({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    )
  })

async function must(command: string, words: string[], cwd: string): Promise<void> {
  const { code, err } = await run(command, words, cwd)
  if (code !== 0) throw new Error(`${command} ${words.join(' ')}: exit ${code}\n${err}`)
}

const node = (words: string[], cwd: string) => run(process.execPath, words, cwd)
const tsc = (cwd: string) => node([join(root, 'node_modules/typescript/bin/tsc'), '-p', cwd], cwd)

let installed: string

/** Packs what was built and unpacks it as an installation would. */
beforeAll(async () => {
  const built = dirname(dirname(programPath()))
  const folder = mkdtempSync(join(tmpdir(), 'caravan-'))
  await must('npm', ['pack', built, '--ignore-scripts', '--offline'], folder)
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  await must('tar', ['-xzf', tarball], folder)
  installed = join(folder, 'package')
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A project that has the library, the one package it needs, and the types of Node. */
function consumer(files: Record<string, string>): string {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@types'), { recursive: true })
  cpSync(installed, join(modules, 'caravan'), { recursive: true })
  for (const name of ['better-sqlite3', '@types/node'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    allowImportingTsExtensions: true,
  }
  const all = {
    'package.json': '{"name":"shop","type":"module","private":true}',
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts', '*.mts', '*.cts'] }),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  return folder
}

it('the example of the page sends a message, once for an order', async () => {
  const { folder, twins, fault } = await servedProject({ 'sms-main': 'sms-ru' })
  const shop = consumer({ 'order-shipped.mjs': example })
  const start = (order: string) =>
    node([join(shop, 'order-shipped.mjs'), '+79991234567', order], folder)

  const nowhere = await node([join(shop, 'order-shipped.mjs'), '+79991234567', '1'], shop)
  const first = await start('4711')
  const second = await start('4711')
  await fault('sms-main', 'act-then-reset')
  const unknown = await start('4712')

  expect(page).toContain(example)
  expect(nowhere).toMatchObject({ code: 2, out: '' })
  expect(nowhere.err).toMatch(/\(config_missing\) .*openCaravan\(\{ config/)
  const sent = { code: 0, out: '+79991234567: accepted, by sms-main\n', err: '' }
  expect(first).toEqual(sent)
  expect(second).toEqual(sent)
  expect(unknown).toMatchObject({ code: 6, out: '' })
  expect(unknown.err).toMatch(/\(unavailable\); call 01\w+\n$/)
  expect(twins['sms-main']?.twin.stats().messages).toBe(2)
})

it('can be required too', async () => {
  const shop = consumer({ 'a.cjs': 'console.log(typeof require("caravan").openCaravan)' })

  expect(await node(['a.cjs'], shop)).toEqual({ code: 0, out: 'function\n', err: '' })
})

it('its types say what an operation takes and gives', async () => {
  const shop = consumer({ 'shop.ts': wellTyped, 'shop.cts': 'import { openCaravan } from "caravan"\nvoid openCaravan()\n' }) // prettier-ignore

  expect(await tsc(shop)).toEqual({ code: 0, out: '', err: '' })
})

it('its types refuse what an operation does not take', async () => {
  const shop = consumer({
    'shop.ts': wellTyped.replaceAll(/^.*@ts-expect-error.*\n/gm, ''),
  })

  const { code, out } = await tsc(shop)

  expect(code).not.toBe(0)
  expect(out.match(/error TS/g)).toHaveLength(wellTyped.match(/@ts-expect-error/g)?.length ?? 0)
})

it('the published operations are those of the kinds', async () => {
  const operations = join(root, 'src/lib-operations.ts')
  const shop = consumer({
    'same.ts': `
import type { Operations as Ours } from ${JSON.stringify(operations)}
import type { Operations as Published } from 'caravan'
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
export const names: Same<keyof Ours, keyof Published> = true
type Differing = { [K in keyof Ours & keyof Published]: Same<Ours[K], Published[K]> extends true ? never : K }
export const none: Same<Differing[keyof Differing], never> = true
`,
  })

  expect(await tsc(shop)).toEqual({ code: 0, out: '', err: '' })
})

const wellTyped = `
import { CaravanError, IntegrationError, openCaravan, type CallResult } from 'caravan'

await using caravan = await openCaravan({ config: 'integrations.yaml' })
const sent: CallResult<'sms.send'> = await caravan.call('sms.send', {
  to: ['+8618501234444'],
  template: 'order_shipped',
  params: { code: '4370' },
})
if (sent.outcome !== 'accepted') {
  const statuses: ('accepted' | 'delivered' | 'failed' | 'unknown')[] = sent.output.recipients.map(
    ({ status }) => status,
  )
  console.log(statuses)
}
// @ts-expect-error there is no output as long as it waits
sent.output.recipients
const { items } = await caravan.call('supplier.listProducts', {})
console.log(items[0]?.code.length)
const { id } = await caravan.enqueue('alert.notify', { title: 'Down', text: 'sms-main' })
const { status, finishedAt } = await caravan.result(id, { waitMs: 1000 })
console.log(status === 'done', finishedAt?.length)
try {
  await caravan.call('sms.status', { messageId: '1', to: '+8618501234444' })
} catch (error) {
  if (error instanceof IntegrationError) console.log(error.kind === 'timeout', error.outcome, error.callId)
  if (error instanceof CaravanError) console.log(error.code, error.hint)
}
// @ts-expect-error no such operation
await caravan.call('sms.sent', { to: '+8618501234444' })
// @ts-expect-error a number is not a telephone number
await caravan.call('sms.send', { to: 8618501234444, text: 'x' })
// @ts-expect-error a mistyped key
await caravan.call('sms.send', { to: '+8618501234444', txet: 'x' })
// @ts-expect-error no such level
await caravan.call('alert.notify', { title: 'x', text: 'y', level: 'high' })
`
