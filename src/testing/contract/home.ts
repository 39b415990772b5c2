/**
 * A project in which every command has something to do: a service with a twin behind it, one that is switched off, runs
 * with and without failures, an import, calls, secrets, a backup, files. Made once for a test file; commands that change
 * something are given a copy.
 */
import { hash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { haier } from '../../adapters/haier/index.ts'
import { callbackOf } from '../../adapters/haier/twin-callback.ts'
import { receiveHook } from '../../app/hooks/receive.ts'
import { initProject } from '../../app/init.ts'
import { systemClock } from '../../core/clock.ts'
import { startTwin } from '../../http/twin-server.ts'
import { listHooks } from '../../store/hook-events.ts'
import { addHaier, withAppIn } from '../app.ts'
import { programPath } from '../program.ts'
import { type Finished, runOnce } from './run.ts'

export type Home = {
  /** The project. */
  folder: string
  env: Record<string, string | undefined>
}

export type Prepared = {
  /** For commands that only read; all of them share it. */
  reading: Home
  /** A copy of the project for one command. */
  copy(): Home
  /** An empty folder. */
  empty(): Home
  /** What stands for `{name}` in the words of a recipe. */
  values: Readonly<Record<string, string>>
  close(): Promise<void>
}

const example = resolve(import.meta.dirname, '../../../examples/1c-catalog')

/** Prepares the project; whoever calls this closes it. */
export async function prepareHome(): Promise<Prepared> {
  const root = mkdtempSync(join(tmpdir(), 'caravan-'))
  const twin = await startTwin(haier.twin, { products: 30 })
  let copies = 0
  const env: Home['env'] = {
    PATH: `${makeTools(join(root, 'bin'), String(twin.config.password))}:${process.env.PATH}`,
    // Shared, or every copy would compile the program anew.
    XDG_CACHE_HOME: join(root, 'cache'),
  }
  const place = (): Home => {
    const folder = join(root, String(copies++), 'project')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return { folder, env }
  }
  const close = async (): Promise<void> => {
    await twin.close()
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const first = place()
    const values = await fill(first, twin.config)
    const copy = (): Home => {
      const home = place()
      cpSync(first.folder, home.folder, { recursive: true })
      copyOverview(join(root, 'cache'), first, home)
      return home
    }
    return { reading: copy(), copy, empty: place, values, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * What the program keeps of a config is kept by its path: each copy would read it anew, with the YAML parser and the
 * schemas of all adapters, which is half of what a command takes.
 */
function copyOverview(cache: string, from: Home, to: Home): void {
  const kept = ({ folder }: Home) =>
    join(
      cache,
      'caravan',
      `config-${hash('sha256', join(folder, 'integrations.yaml')).slice(0, 16)}.json`,
    )
  if (existsSync(kept(from))) copyFileSync(kept(from), kept(to))
}

/** What the recipes and the examples of the help find in the project. */
async function fill(home: Home, config: Record<string, unknown>): Promise<Record<string, string>> {
  const { folder } = home
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  await initProject(folder, { env: {}, clock: systemClock })
  for (const name of ['haier', 'sms-backup']) await addHaier(folder, config, name)

  write('answers.json', JSON.stringify(config))
  for (const name of ['value.txt', 'bank.pem']) write(name, 'a value')
  cpSync(example, join(folder, 'webdata'), { recursive: true })
  for (const name of ['import.xml', 'offers.xml'])
    write(name, readFileSync(join(example, name), 'utf8'))
  write('customers.xml', customers)
  mkdirSync(join(folder, 'backups'))

  const run = async (words: string, exit = 0, stdin = ''): Promise<Finished> => {
    const ended = await runOnce(words.split(' '), home, { stdin })
    if (ended.code !== exit) throw new Error(`${words}: exit ${ended.code}\n${ended.err}`)
    return ended
  }
  await run('disable sms-backup --reason 价格错误 --for 2h')
  await run('sync haier-products --prices --stock')
  const { out } = await run('export products --format json')
  const [one, two] = (JSON.parse(out) as { code: string }[]).map(({ code }) => code)
  const partial = await run(`sync haier-products --codes ${one},NOSUCHONE --json`, 3)
  const imported = await run('import 1c webdata customers.xml --json')
  await run('key add --passphrase', 0, 'correct horse battery staple')
  const keys = JSON.parse((await run('key list --json')).out) as { slots: { recipient: string }[] }
  const recipient = keys.slots[0]?.recipient ?? ''
  home.env.RECIPIENT = recipient
  await run(`config bundle new-server.bundle --for ${recipient}`)
  await run('edit haier --timeout 25s --no-test') // so that the bundle has something to replace
  await run('backup backups/caravan-2026-11-21.db')
  const logs = await run('logs list --limit 1 --json')
  const queued = await run(`call supplier.getStock code=${one} --queue`, 6)

  return {
    folder,
    recipient,
    code: one ?? '',
    code2: two ?? '',
    failedRun: (JSON.parse(partial.out) as { run: string }).run,
    hook: await receiveOne(folder),
    run: (JSON.parse(imported.out) as { run: string }).run,
    queued: queued.out.trim(),
    call: (JSON.parse(logs.out) as { calls: { id: string }[] }).calls[0]?.id ?? '',
  }
}

/** A webhook that nobody has handled yet; its id. */
const receiveOne = (folder: string): Promise<string> =>
  withAppIn(folder, async (app) => {
    const data = { PlatformOrderNo: 'P-100', State: 0, FailMsg: '缺货' }
    const sent = callbackOf('/hooks/haier', { method: 'oostock', data, at: app.clock.now() })
    await receiveHook(app, 'haier', { ...sent, from: '127.0.0.1' })
    const [stored] = await listHooks((await app.state()).db)
    return stored?.id ?? ''
  })

/** The program by its name, and what the examples of the help take for given on an operator's machine. */
function makeTools(folder: string, password: string): string {
  mkdirSync(folder, { recursive: true })
  const node = process.execPath
  const tools: Record<string, string> = {
    caravan: `exec '${node}' '${programPath()}' "$@"`,
    pass: `echo '${password}'`,
    jq: `exec '${node}' -e 'JSON.parse(require("fs").readFileSync(0, "utf8"))'`,
  }
  for (const [name, line] of Object.entries(tools)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

const customers = `<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-01T10:00:00"><Контрагенты>
<Контрагент><Ид>k1</Ид><Наименование>ООО Ромашка</Наименование><Роль>Покупатель</Роль></Контрагент>
</Контрагенты></КоммерческаяИнформация>
`
