/**
 * 300 webhooks a second into the daemon, which imports a catalogue at the same time and is killed half-way, beside a bare
 * server that answers at once. What was not answered is sent again, and in the end every event is counted.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { initProject } from '../../src/app/init.ts'
import { systemClock } from '../../src/core/clock.ts'
import { addHaier } from '../../src/testing/app.ts'
import { hookLoad } from '../../src/testing/hook-load.ts'
import type { Measure } from './measure.ts'

const program = resolve(import.meta.dirname, '../../bin/caravan.js')
const perSecond = 300

export async function* benchHooks({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const pace = { perSecond, seconds: quick ? 3 : 20 }
  const bare = await toBareServer(pace)
  const { tookMs, sent, handled, states, refused } = await toDaemon(pace)
  const reference = 'a bare server that answers at once'
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [figure, referenceFigure] = [quantile(tookMs, share), quantile(bare, share)]
    const ratio = figure / referenceFigure
    yield {
      name: `webhook answered, ${perSecond}/s, daemon busy, ${name}`,
      figure,
      unit: 'ms',
      reference,
      referenceFigure,
      ratio,
    }
  }
  const counts = { 'handled once': handled, 'orders changed': states, 'sent again': refused }
  for (const [name, figure] of Object.entries(counts)) {
    const referenceFigure = sent
    yield {
      name: `webhooks, killed half-way: ${name}`,
      figure,
      unit: 'events',
      reference: 'events sent',
      referenceFigure,
      ratio: figure / sent,
    }
  }
}

async function toBareServer(pace: { perSecond: number; seconds: number }): Promise<number[]> {
  const server = createServer((request, reply) => {
    request.resume().on('end', () => reply.end('{}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const load = hookLoad(() => `127.0.0.1:${port}`)
  await load.run({ ...pace, seconds: Math.min(5, pace.seconds) })
  await load.finish()
  server.close()
  return load.tookMs
}

async function toDaemon(pace: { perSecond: number; seconds: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  const children: ChildProcess[] = []
  const start = (...words: string[]) => {
    const child = spawn(process.execPath, words, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    children.push(child)
    return child
  }
  try {
    // As many products as keep the import going for longer than all webhooks take.
    const twin = start(resolve(import.meta.dirname, 'sync-twin.ts'), String(pace.seconds * 200))
    const [config] = (await once(twin.stdout!, 'data')) as [Buffer]
    await prepare(folder, JSON.parse(config.toString()) as Record<string, unknown>)
    const daemon = start(program, 'daemon')
    let address: string | undefined = await listening(folder, '')
    const load = hookLoad(() => address)
    const sending = load.run(pace)
    await systemClock.sleep((pace.seconds * 1000) / 2)
    daemon.kill('SIGKILL')
    const former = address
    address = undefined
    start(program, 'daemon')
    address = await listening(folder, former)
    await sending
    await load.finish()
    while (rows(folder, "hook_events where status = 'received'") > 0) await systemClock.sleep(50)
    return {
      tookMs: load.tookMs,
      sent: load.sent(),
      refused: load.refused(),
      handled: rows(folder, "hook_events where status = 'handled' and tries = 1"),
      states: rows(folder, 'order_states'),
    }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(
      children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')),
    )
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepare(folder: string, config: Record<string, unknown>): Promise<void> {
  await initProject(folder, { env: {}, clock: systemClock })
  await addHaier(folder, config)
  const file = join(folder, 'integrations.yaml')
  const job = 'haier-products: { schedule: "* * * * *", with: { prices: true, stock: true } }'
  const text = readFileSync(file, 'utf8')
    .replace(/^jobs:.*$/m, `jobs:\n  ${job}`)
    .replace(/^ {4}adapter: haier$/m, '    rate_limit: { per_second: 150 }\n$&')
  writeFileSync(file, `${text}\nlisten: 127.0.0.1:0\n`)
  // Missed since the last minute, and so due at once.
  const due = new Date(Math.floor(systemClock.now().getTime() / 60_000) * 60_000)
  const before = new Date(due.getTime() - 1).toISOString()
  const db = new Sqlite(join(folder, 'caravan.db'))
  db.prepare(
    'insert into schedules (job, spec, next_due_at, decided_until, planned_at) values (?, ?, ?, ?, ?)',
  ).run('haier-products', '* * * * * UTC', due.toISOString(), before, before)
  db.close()
}

/** Where the latest daemon listens; waits for another address than `former`. */
async function listening(folder: string, former: string | undefined): Promise<string> {
  for (;;) {
    const db = new Sqlite(join(folder, 'caravan.db'), { readonly: true })
    const row = db
      .prepare('select listens_at as at from daemons order by started_at desc, id desc limit 1')
      .get() as { at: string | null } | undefined
    db.close()
    if (row?.at && row.at !== former) return row.at
    await systemClock.sleep(20)
  }
}

function rows(folder: string, from: string): number {
  const db = new Sqlite(join(folder, 'caravan.db'), { readonly: true })
  const { n } = db.prepare(`select count(*) as n from ${from}`).get() as { n: number }
  db.close()
  return n
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
