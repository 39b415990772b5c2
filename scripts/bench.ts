/**
 * Prints measures as JSON lines. `npm run bench` runs all, `npm run bench -- sync state` only these, `--quick` with small
 * amounts.
 */
import { execFileSync } from 'node:child_process'
import type { Measure } from './bench/measure.ts'

type Bench = (options: { quick: boolean }) => AsyncIterable<Measure>

const benches: Record<string, () => Promise<Bench>> = {
  startup: async () => (await import('./bench/startup.ts')).benchStartup,
  state: async () => (await import('./bench/state.ts')).benchState,
  calls: async () => (await import('./bench/calls.ts')).benchCalls,
  log: async () => (await import('./bench/log.ts')).benchLog,
  scheduler: async () => (await import('./bench/scheduler.ts')).benchScheduler,
  sync: async () => (await import('./bench/sync.ts')).benchSync,
  commerceml: async () => (await import('./bench/commerceml.ts')).benchCommerceml,
  'commerceml-write': async () =>
    (await import('./bench/commerceml-write.ts')).benchCommercemlWrite,
  hooks: async () => (await import('./bench/hooks.ts')).benchHooks,
  'import-1c': async () => (await import('./bench/import-1c.ts')).benchImport1c,
}

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const wanted = words.filter((word) => !word.startsWith('-'))
const unknown = wanted.filter((name) => !(name in benches))
if (unknown.length > 0) {
  throw new Error(
    `no such bench: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`,
  )
}

execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'ignore' })
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  const bench = await benches[name]?.()
  for await (const measure of bench?.({ quick }) ?? [])
    process.stdout.write(`${JSON.stringify(rounded(measure))}\n`)
}

/** Four digits say all that a noisy machine knows. */
function rounded(measure: Measure): Record<string, unknown> {
  const round = (value: unknown) =>
    typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(4)) : value
  return Object.fromEntries(Object.entries(measure).map(([key, value]) => [key, round(value)]))
}
