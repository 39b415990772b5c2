/** How fast and how lean the Haier sync is: against its limit, against bare ky, and small against large. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { initProject } from '../../src/app/init.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Measure } from './measure.ts'

export async function* benchSync({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  yield await againstLimit(quick ? 1_000 : 10_000)
  yield await againstKy(quick ? 2_000 : 10_000, quick ? 1 : 3)
  yield await smallAgainstLarge(1_000, quick ? 5_000 : 100_000)
}

const perSecond = 100

/** Seconds for the whole sync, against the seconds its requests take at the rate that the limit allows. */
async function againstLimit(products: number): Promise<Measure> {
  const { durationMs } = await withTwin(products, perSecond, (config) => sync(config, 'limit'))
  return {
    name: `sync of ${products} products with prices and stock at ${perSecond} requests/s`,
    figure: durationMs / 1000,
    unit: 's',
    reference: 'number of requests divided by the limit',
    referenceFigure: requestsFor(products) / perSecond,
    ratio: durationMs / 1000 / (requestsFor(products) / perSecond),
  }
}

/** Requests a second, by turns; the best round of each. */
async function againstKy(products: number, rounds: number): Promise<Measure> {
  const best = { sync: 0, ky: 0 }
  await withTwin(products, 0, async (config) => {
    for (let round = 0; round < rounds; round++) {
      const { runMs } = await sync(config, 'no-limit')
      best.sync = Math.max(best.sync, (requestsFor(products) * 1000) / runMs)
      best.ky = Math.max(best.ky, Number(await run('sync-ky.ts', [], JSON.stringify(config))))
    }
  })
  return {
    name: `sync of ${products} products with prices and stock, no limit`,
    figure: best.sync,
    unit: 'requests/s',
    reference: 'bare ky asking the same twin for stock, 16 in flight',
    referenceFigure: best.ky,
    ratio: best.sync / best.ky,
  }
}

async function smallAgainstLarge(small: number, large: number): Promise<Measure> {
  const peakOf = async (products: number) => {
    const { peakBytes } = await withTwin(products, 0, (config) => sync(config, 'no-limit'))
    return peakBytes / 1e6
  }
  const [referenceFigure, figure] = [await peakOf(small), await peakOf(large)]
  return {
    name: `sync of ${large} products with prices and stock, peak memory`,
    figure,
    unit: 'MB',
    reference: `the same with ${small} products`,
    referenceFigure,
    ratio: figure / referenceFigure,
  }
}

/** Token, listing, a price call for 20 products and a stock call for each. */
const requestsFor = (products: number): number => 2 + Math.ceil(products / 20) + products

type Config = Record<string, unknown>

async function withTwin<T>(
  products: number,
  limit: number,
  use: (config: Config) => Promise<T>,
): Promise<T> {
  const twin = start('sync-twin.ts', [String(products), String(limit)])
  try {
    const [line] = (await once(twin.stdout!.setEncoding('utf8'), 'data')) as [string]
    return await use(JSON.parse(line) as Config)
  } finally {
    twin.kill()
    await once(twin, 'close')
  }
}

type Result = { durationMs: number; runMs: number; peakBytes: number }

/** A new project and one sync of it, in a process of its own. */
async function sync(config: Config, limit: 'limit' | 'no-limit'): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  try {
    const project = await initProject(folder, { env: {}, clock: systemClock })
    const rate_limit = limit === 'limit' ? undefined : { per_second: 'none' }
    const services = { haier: { adapter: 'haier', rate_limit, config } }
    writeFileSync(project.config, JSON.stringify({ version: 1, state: './caravan.db', services }))
    await run('sync-run.ts', [], '', folder)
    return JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as Result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run(script: string, words: string[], input = '', cwd?: string): Promise<string> {
  const child = start(script, words, cwd)
  child.stdin!.end(input)
  const [output, [code]] = await Promise.all([text(child.stdout!), once(child, 'close')])
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}`)
  return output
}

const start = (script: string, words: string[], cwd?: string): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, script), ...words], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
