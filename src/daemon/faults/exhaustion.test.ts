/** Fault test 20: little memory, few file descriptors, and more to log than can be written at once. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import Sqlite from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { createToken } from '../../app/tokens.ts'
import { systemClock } from '../../core/clock.ts'
import { withAppIn } from '../../testing/app.ts'
import { startChild } from '../../testing/child.ts'
import { importProject, type ImportProject } from '../../testing/daemon-import.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { rowsIn, type RunningDaemon, startDaemon, until } from '../../testing/daemon.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
if (!hasPrlimit) process.stderr.write('Skipped without prlimit: few file descriptors\n')

/** What V8 may take, in MB; what is beside it, such as the pages of the state, comes on top. */
const heapMb = 128
/** The program and its parts, the heap, and the pages of both files. */
const mostRssMb = 400
/** Of each token 50 requests a second are taken, and 100 at once. */
const tokens = 10
/** What a storm has at most that is answered and not yet in the log: a batch that is written, and one that fills. */
const mostBehind = 1000

type Served = ImportProject & { tokens: readonly string[] }

async function served(products: number): Promise<Served> {
  const home = await importProject({ products, stock: false })
  const file = home
    .read('integrations.yaml')
    // It opens again and again, and a minute of waiting would be a minute without load.
    .replace(/^ {4}adapter: haier$/m, '    breaker: { open_for: 1s }\n$&')
  home.write('integrations.yaml', `${file}\nlisten: 127.0.0.1:0\n`)
  const made = await withAppIn(home.folder, async (app) => {
    const all: string[] = []
    for (let n = 0; n < tokens; n++) {
      all.push((await createToken(app, `storm-${n}`, { scope: 'read,call' })).token)
    }
    return all
  })
  return { ...home, tokens: made }
}

/** Where the daemon that began last listens, once it does. */
async function addressOf(home: Served): Promise<string> {
  const query = 'select listens_at from daemons order by started_at desc, id desc limit 1'
  const read = () => rowsIn<{ listens_at: string | null }>(home, query)[0]?.listens_at
  await until(() => typeof read() === 'string')
  return `http://${read()}`
}

const isHealthy = async (address: string): Promise<boolean> =>
  (await fetch(`${address}/healthz`).catch(() => undefined))?.status === 200

/** In MB, as the system sees it; undefined where it does not say. */
function rssOf({ process: { pid } }: RunningDaemon): number | undefined {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kb) / 1024)
  } catch {
    return undefined
  }
}

type Storm = { answered: number; done: number; refused: number; mostBehind: number }

/** As many calls as the daemon takes, for so long; then until all of them are in the log. */
async function storm(home: Served, address: string, ms: number): Promise<Storm> {
  const log = new Sqlite(home.file('caravan.calls.db'), { readonly: true })
  const rows = log.prepare("select count(*) from calls where operation = 'getBalance'").pluck()
  const written = () => Number(rows.get())
  const before = written()
  const found: Storm = { answered: 0, done: 0, refused: 0, mostBehind: 0 }
  const endMs = systemClock.monotonicMs() + ms
  const ask = async (token: string) => {
    while (systemClock.monotonicMs() < endMs) {
      const reply = await fetch(`${address}/calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"operation":"supplier.getBalance"}',
      })
      const answer = (await reply.json()) as { id?: string; outcome?: string }
      if (answer.id === undefined) {
        found.refused++
        await systemClock.sleep(20)
      } else found.answered++
      if (answer.outcome === 'done') found.done++
    }
  }
  const isOver = Promise.all([...home.tokens, ...home.tokens, ...home.tokens].map(ask))
  const look = async () => {
    while (systemClock.monotonicMs() < endMs) {
      found.mostBehind = Math.max(found.mostBehind, found.answered - (written() - before))
      await systemClock.sleep(50)
    }
  }
  await Promise.all([isOver, look()])
  await until(() => written() - before >= found.answered)
  log.close()
  return found
}

const isOver = (home: Served): boolean => ['success', 'failed'].includes(home.status() ?? '')

it(
  `with a heap of ${heapMb} MB it imports some thousand products and takes a storm of calls, and stays small`,
  { timeout: isLong ? 900_000 : 60_000 },
  async () => {
    const home = await served(3000)
    const env = { NODE_OPTIONS: `--max-old-space-size=${heapMb}` }
    const daemon = await startDaemon(home, '--log-level debug', { env })
    const address = await addressOf(home)

    await until(() => isHealthy(address)) // with the import under way
    await until(() => isOver(home))
    const found = await storm(home, address, isLong ? 30_000 : 2000)
    const healthy = await isHealthy(address)
    const rss = rssOf(daemon)
    const rounds = isLong ? await goOn(home, daemon, address) : []
    const { code } = await daemon.stop()

    process.stdout.write(`${JSON.stringify({ ...found, rss_mb: rss, rounds })}\n`)
    expect(home.status()).toBe('success')
    expect(home.stored()).toBe(3000)
    expect(found.done).toBeGreaterThan(tokens)
    expect(found.mostBehind).toBeLessThan(mostBehind)
    expect(healthy).toBe(true)
    expect(rss ?? 0).toBeLessThan(mostRssMb)
    expect(growthOf(rounds)).toBeLessThan(mostGrowthMb)
    expect(code).toBe(143)
    expect(brokenInvariants(home, { isFirstImport: !isLong, secrets: home.secrets })).toEqual([])
  },
)

/** The pages of the state and of the log are kept up to 16 MB each, and fill as the files grow. */
const mostGrowthMb = 48
const warmUpRounds = 8
const roundsOfLong = 24

/** Between the largest of the rounds after the first ones and the largest of the last ones, in MB. */
function growthOf(rounds: readonly number[]): number {
  const rest = rounds.slice(warmUpRounds)
  const third = Math.floor(rest.length / 3)
  const largest = (some: readonly number[]) => Math.max(0, ...some)
  return largest(rest.slice(-third || undefined)) - largest(rest.slice(0, third))
}

/** Calls and imports go on under one fault after the other; what the process takes after each, in MB. */
async function goOn(home: Served, daemon: RunningDaemon, address: string): Promise<number[]> {
  const { faults } = home.twin
  const pid = daemon.process
  const afterwards = async (end: () => unknown, ms: number) => {
    await systemClock.sleep(ms)
    await end()
  }
  const order = (fault: Parameters<typeof faults.add>[0]) => async () => {
    faults.add(fault)
    await storm(home, address, 4000)
    faults.clear()
  }
  const rounds = [
    order({ fault: 'latency', delay_ms: 300 }),
    order({ fault: 'error-500', probability: 0.5 }),
    order({ fault: 'reset', probability: 0.3 }),
    order({ fault: 'reset-in-body', probability: 0.3 }),
    order({ fault: 'garbage', probability: 0.5 }),
    order({ fault: 'rate-limited', probability: 0.2 }),
    async () => {
      pid.kill('SIGSTOP')
      await afterwards(() => pid.kill('SIGCONT'), 4000)
    },
    async () => {
      const locker = startChild('locker-child.ts', home.file('caravan.db'))
      await locker.printed(1)
      await afterwards(() => locker.kill(), 3000)
    },
    async () => {
      for (let n = 0; n < 20; n++) {
        pid.kill('SIGHUP')
        await systemClock.sleep(100)
      }
    },
  ]
  const sizes: number[] = []
  const runs = () => rowsIn(home, 'select id from runs').length
  for (let round = 0; round < roundsOfLong; round++) {
    const before = runs()
    const begun = await fetch(`${address}/jobs/haier-products/run`, {
      method: 'POST',
      headers: { authorization: `Bearer ${home.tokens[0]}`, 'content-type': 'application/json' },
      body: '{}',
    })
    await rounds[round % rounds.length]?.()
    // Whatever it met, it goes on: the breaker lets calls through again, and another run ends.
    await until(async () => (await storm(home, address, 1000)).done > 0)
    await until(() => rowsIn(home, "select id from runs where status = 'running'").length === 0)
    expect({ round, begun: begun.status }).toEqual({ round, begun: 202 })
    expect(runs()).toBe(before + 1)
    expect(daemon.process.exitCode).toBe(null)
    sizes.push(rssOf(daemon) ?? 0)
  }
  return sizes
}

it.runIf(hasPrlimit)(
  'with 40 file descriptors it imports, refuses what is too much, and answers again afterwards',
  { timeout: 60_000 },
  async () => {
    const home = await served(1000)
    const daemon = await startDaemon(home, '', { through: ['prlimit', '--nofile=40:40'] })
    const address = await addressOf(home)
    await until(() => home.stored() > 0)

    const { hostname, port } = new URL(address)
    const held: Socket[] = Array.from({ length: 60 }, () => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined) // it may be refused
      return socket
    })
    onTestFinished(() => held.forEach((socket) => socket.destroy()))
    await systemClock.sleep(isLong ? 10_000 : 1500)
    const isAlive = daemon.process.exitCode === null
    for (const socket of held) socket.destroy()
    await until(() => isHealthy(address))
    await until(() => isOver(home))
    const second = await home.run('sync haier-products --prices --json')
    const { code, err } = await daemon.stop()

    expect(isAlive).toBe(true)
    expect(second).toMatchObject({ code: 0 })
    expect(home.stored()).toBe(1000)
    expect(code).toBe(143)
    expect(err).not.toContain('a fault that nobody took care of')
    expect(brokenInvariants(home)).toEqual([])
  },
)

it.runIf(hasPrlimit)(
  'with too few file descriptors to begin it says so',
  { timeout: 60_000 },
  async () => {
    const home = await served(10)

    const { code, err } = await home.run('daemon --log-format json', {
      through: ['prlimit', '--nofile=22:22'],
    })

    expect(code).toBe(1)
    expect(err).toMatch(/files_exhausted|SQLITE_CANTOPEN/)
    expect(err).toContain('ulimit -n')
    expect(err).not.toMatch(/\n {4}at /)
  },
)
