/** Fault test 2: the process is killed at named places, and the next one goes on as if nothing had been. */
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stateMigrations } from '../../../migrations/index.ts'
import type { CrashPoint } from '../../core/crash-point.ts'
import { createFile } from '../../store/create.ts'
import { stateFile } from '../../store/files.ts'
import { buildForCrashes, type CrashBuild } from '../../testing/crash-build.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { rowsIn, scheduleMissed, startDaemon, until } from '../../testing/daemon.ts'
import { haierProject, type Project } from '../../testing/program.ts'
import { temporaryFolder } from '../../testing/state.ts'

let crashes: CrashBuild
beforeAll(async () => {
  crashes = await buildForCrashes()
}, 60_000)
afterAll(() => crashes?.remove())

const killed = { code: null }

const isLong = process.env.CARAVAN_FAULTS === 'long'
/** The short form takes the places that are unlike any other; all are met by the long one. */
const chosen = <Place extends readonly [CrashPoint, ...unknown[]]>(
  places: readonly Place[],
  short: readonly CrashPoint[],
): Place[] => places.filter(([point]) => isLong || short.includes(point))

/** The place, which time, and whether a batch is stored when it is met. */
const places: [point: CrashPoint, time: number, isSaved: boolean][] = [
  ['after-claim', 1, false],
  ['after-start', 1, false],
  ['before-request', 2, false],
  ['after-request', 2, false],
  ['in-checkpoint', 2, true],
  ['before-commit', 2, true],
  ['after-commit', 1, true],
]

it.each(chosen(places, ['after-claim', 'in-checkpoint', 'after-commit']))(
  'an import killed %s, time %i, goes on where it was',
  async (point, time, isSaved) => {
    const home = await haierProject({ products: 200 })
    scheduleMissed(home, 'haier-products', '{ prices: true }')

    const first = home.start('daemon --log-format json', crashes.at(point, time))
    const end = await first.ended
    const left = productsIn(home)
    const broken = brokenInvariants(home, { isFirstImport: true })
    const second = await startDaemon(home)
    await until(() => rowsIn(home, "select 1 from occurrences where status = 'success'").length > 0)
    await second.stop()

    expect(end).toMatchObject(killed)
    expect(left > 0).toBe(isSaved)
    expect(left).toBeLessThan(200)
    expect(broken.filter((one) => !one.includes('is gone'))).toEqual([])
    expect(productsIn(home)).toBe(200)
    expect(rowsIn(home, 'select count(*) as count from occurrences')).toEqual([{ count: 1 }])
    expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
  },
)

const productsIn = (home: Project): number =>
  rowsIn<{ count: number }>(home, 'select count(*) as count from products')[0]?.count ?? 0

/** Whether the order had reached the supplier. */
const sides: [point: CrashPoint, isThere: boolean][] = [
  ['before-request', false],
  ['after-request', true],
]

it.each(chosen(sides, ['after-request']))(
  'an order killed %s of its call is sent again under the same key, and stands once at the supplier',
  async (point, isThere) => {
    const home = await haierProject()
    const asked = recordPushes(home)
    home.write('order.json', JSON.stringify(await orderOf(home)))
    const queued = await home.run('call supplier.pushOrder --data order.json --yes --queue')
    expect(queued).toMatchObject({ code: 6 })
    const key = () => rowsIn(home, 'select idempotency_key as key from outbox')

    const before = key()
    const first = home.start('daemon --log-format json', crashes.at(point))
    const end = await first.ended
    const pushedBefore = asked.length
    const second = await startDaemon(home)
    await until(() => rowsIn(home, "select 1 from outbox where status = 'done'").length > 0)
    await second.stop()

    expect(end).toMatchObject(killed)
    expect(pushedBefore).toBe(isThere ? 1 : 0)
    expect(asked).toEqual(Array.from({ length: isThere ? 2 : 1 }, () => 'P-1-1'))
    expect(key()).toEqual(before)
    expect(home.twin.twin.stats()).toMatchObject({ orders: 1 })
    expect(brokenInvariants(home)).toEqual([])
  },
)

/** The keys under which orders arrive at the supplier, each time one does. */
function recordPushes({ twin: { twin } }: Awaited<ReturnType<typeof haierProject>>): string[] {
  const keys: string[] = []
  const handle = twin.handle.bind(twin)
  twin.handle = (request) => {
    const body = request.body.toString()
    const [, key] = /"soId":"([^"]+)"/.exec(body) ?? []
    if (key) keys.push(key)
    return handle(request)
  }
  return keys
}

async function orderOf(home: Project) {
  const { out } = await home.run('call supplier.listProducts --output jsonl')
  const [line = '{}'] = out.split('\n')
  const { code } = JSON.parse(line) as { code: string }
  const yuan = (minor: number) => ({ minor, currency: 'CNY' })
  return {
    platformOrderNo: 'P-1',
    subOrderNo: 'P-1-1',
    consigneeName: '张三',
    consigneeMobile: '13800000000',
    province: '山东省',
    city: '青岛市',
    area: '崂山区',
    detailAddress: '海尔路1号',
    createdAt: '2026-11-20T02:00:00.000Z',
    deliverOn: '2026-11-25',
    installOn: '2026-11-25',
    lines: [{ productCode: code, retailPrice: yuan(129_999), actualPrice: yuan(129_999) }],
  }
}

it('a migration that is killed on its way leaves the former version, and the next start does it', async () => {
  const home = await haierProject()
  const old = join(temporaryFolder(), 'caravan.db')
  await makeOlder(home, old)
  const version = () => versionOf(home.file('caravan.db'))

  const before = version()
  const first = home.start('daemon', crashes.at('in-migration', 3))
  const end = await first.ended
  const between = version()
  const second = await startDaemon(home)
  await second.logged('ready')
  await second.stop()

  expect(end).toMatchObject(killed)
  expect(before).toBe(stateMigrations.length - 4)
  expect(between).toBe(before + 2) // each step is a transaction of its own
  expect(version()).toBe(stateMigrations.length)
  expect(brokenInvariants(home)).toEqual([])
})

const versionOf = (path: string): number => {
  const db = new Sqlite(path, { readonly: true })
  try {
    return Number(db.pragma('user_version', { simple: true }))
  } finally {
    db.close()
  }
}

/** Puts the state in the place of itself as a program would have written it that did not know the last four migrations. */
async function makeOlder(home: Project, path: string): Promise<void> {
  await createFile(path, stateFile, stateMigrations.slice(0, -4))
  const db = new Sqlite(path)
  const names = (query: string) => db.prepare(query).pluck().all() as string[]
  db.pragma('foreign_keys = off')
  db.exec(`attach '${home.file('caravan.db')}' as newer`)
  for (const table of names("select name from main.sqlite_schema where type = 'table'")) {
    if (table.startsWith('sqlite_')) continue
    const columns = names(`select name from pragma_table_info('${table}')`).join(', ')
    db.exec(
      `insert or replace into main.${table} (${columns}) select ${columns} from newer.${table}`,
    )
  }
  db.close()
  for (const end of ['-wal', '-shm']) rmSync(home.file(`caravan.db${end}`), { force: true })
  copyFileSync(path, home.file('caravan.db'))
}

const renames: [point: CrashPoint, isThere: boolean][] = [
  ['before-rename', false],
  ['after-rename', true],
]

it.each(chosen(renames, ['before-rename']))(
  'a backup killed %s leaves the whole copy or none',
  async (point, isThere) => {
    const home = await haierProject()
    const daemon = await startDaemon(home)

    const end = await home.run('backup copy.db', crashes.at(point))
    const copies = readdirSync(home.folder).filter((name) => name === 'copy.db')
    const rehearsed = isThere ? await home.run('backup --rehearse copy.db') : undefined
    const again = await home.run('backup second.db')
    await daemon.stop()

    expect(end).toMatchObject(killed)
    expect(copies).toEqual(isThere ? ['copy.db'] : [])
    expect(again).toMatchObject({ code: 0 })
    expect(rehearsed?.code ?? 0).toBe(0)
    expect(existsSync(home.file('second.db'))).toBe(true)
    expect(brokenInvariants(home)).toEqual([])
  },
)
