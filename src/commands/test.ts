import { type Command, Option } from 'commander'
import type { TestReport, TestResult } from '../app/test/index.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { paintFor } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printList, say } from './output/print.ts'
import { showProgress } from './output/progress.ts'

const formats = ['table', 'json', 'junit', 'github'] as const
const effects = ['none', 'read', 'write', 'message', 'money'] as const

type Flags = OutputFlags & {
  all?: boolean
  format?: (typeof formats)[number]
  maxEffect: (typeof effects)[number]
  offline?: boolean
  deadline: string
  rungDeadline: string
}

export function registerTest(program: Command, cli: Cli): void {
  const command = program
    .command('test')
    .summary('Test the connection of services; changes nothing')
    .argument('[service...]', 'names of services; a disabled one is tested too')
    .option('--all', 'every enabled service')
    .addOption(
      new Option('--format <format>', 'how to print: for people, programs, or CI servers')
        .choices(formats)
        .conflicts(['json', 'output']),
    )
    .addOption(
      new Option('--max-effect <effect>', 'leave out tests that would do more than this')
        .choices(effects)
        .default('read'),
    )
    .option('--offline', 'check the config alone: no network, no state; every service unless named')
    .option('--deadline <duration>', 'for all of it', '60s')
    .option('--rung-deadline <duration>', 'for each step before the credentials', '10s')
    .action(async (names: string[], flags: Flags) => {
      giveLookupsRoom()
      const io = cli.io()
      const isAll = flags.all === true || (flags.offline === true && names.length === 0)
      const bar = showProgress(io, cli.clock, 'test')
      const report = await cli
        .withApp(async (app) => {
          const { testServices } = await import('../app/test/index.ts')
          const onProgress = (at: { done: number; total: number }) =>
            bar.update({ ...at, unit: 'services' })
          return testServices(app, { ...flags, which: isAll ? 'all' : names, onProgress })
        })
        .finally(() => bar.end())
      cli.exit(report.exit)
      await printReport(io, report, flags)
    })
  withExamples(
    withListOutput(command),
    'caravan test haier',
    'caravan test --all --max-effect none',
    'caravan test --offline --format junit',
  )
}

/**
 * The system's resolver takes a thread for each name, and half of four is all there is: two names whose servers are silent
 * would let every other service fail. Node reads this once, when it first needs a thread, so it must come before all else.
 */
function giveLookupsRoom(): void {
  process.env.UV_THREADPOOL_SIZE ??= '128'
}

async function printReport(io: Io, { file, results }: TestReport, flags: Flags): Promise<void> {
  if (flags.format === 'junit') {
    const { toJunit } = await import('./test-formats/junit.ts')
    return io.out(toJunit(results))
  }
  if (flags.format === 'github') {
    const { pathInRepository, toAnnotations } = await import('./test-formats/github.ts')
    io.out(toAnnotations(results, pathInRepository(file, io.env)))
    return say(io, summary(results))
  }
  const output = flags.format ?? formatOf(flags)
  const { columns, ladderColumns, sayDetails } = await import('./test-formats/table.ts')
  const empty = 'There is no service to test.'
  await printList(io, { name: 'results', rows: results, columns, empty }, { output })
  if (output !== 'table') return
  const [only] = results
  if (io.isTerminal && only && results.length === 1) {
    const { renderTable } = await import('./output/table.ts')
    const page = { width: io.columns, paint: await paintFor(io) }
    io.out(`\n${renderTable(only.rungs, ladderColumns, page)}`)
  }
  sayDetails(io, results)
}

/** `3 services: 1 ok, 1 skipped, 1 failed`, for the log of a CI server. */
function summary(results: readonly TestResult[]): string {
  const counts = (['ok', 'skipped', 'failed'] as const)
    .map((wanted) => ({ wanted, count: results.filter(({ result }) => result === wanted).length }))
    .filter(({ count }) => count > 0)
    .map(({ wanted, count }) => `${count} ${wanted}`)
  const services = results.length === 1 ? '1 service' : `${results.length} services`
  return [services, counts.join(', ')].filter(Boolean).join(': ')
}
