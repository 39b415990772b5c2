import type { Command } from 'commander'
import { CaravanError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { showProgress } from './output/progress.ts'
import { printReport } from './output/report.ts'
import { parseSchemaFlags, schemaHelp, wholeHelp, withSchemaFlags } from './schema-flags.ts'

type SyncFlags = {
  dryRun?: boolean
  fromStart?: boolean
  retryFailed?: string
  json?: boolean
  help?: boolean
}

export function registerSync(program: Command, cli: Cli): void {
  const command = program.command('sync').summary('Run one sync now and wait for it')
  withExamples(
    asSync(command, cli, 'sync'),
    'caravan sync haier-products --prices --stock',
    'caravan sync haier-products --codes GA0SZC00U,CEABL9000 --dry-run',
    'caravan sync haier-products --help',
  )
}

/** Makes a command run the job that it is given. `words` are those of the command. */
export function asSync(command: Command, cli: Cli, words: string): Command {
  command
    .argument('[job]', 'job id, as in "caravan jobs"')
    .option('--dry-run', 'do everything but write, and show what would change')
    .option('--from-start', 'forget the checkpoint and read everything again')
    .option('--retry-failed <run>', 'take only the items that failed in an earlier run')
  command.action(async (id: string | undefined, flags: SyncFlags) => {
    const { formOfJob } = await import('../app/forms.ts')
    const io = cli.io()
    if (flags.help) {
      const help = id && schemaHelp(command, `Flags of ${id}`, await formOfJob(id))
      return io.out(help ?? wholeHelp(command))
    }
    if (id === undefined) throw await jobMissing(words)
    const given = command.args.slice(1)
    const options = parseSchemaFlags(
      await formOfJob(id),
      given,
      `caravan ${words} ${id} --help`,
      command,
    )
    const view = showProgress(io, cli.clock, id)
    const { report, error } = await cli
      .withApp(async (app) => {
        const { runJob } = await import('../app/run.ts')
        return runJob(app, id, { ...flags, options, onProgress: view.update })
      })
      .finally(() => view.end())
    cli.exit(report.exit)
    await printReport(io, report, flags)
    if (error !== undefined) throw error
  })
  return withJson(withSchemaFlags(command, 'job'))
}

async function jobMissing(words: string): Promise<CaravanError> {
  const { jobTitles } = await import('../app/jobs.ts')
  const known = jobTitles()
  const width = Math.max(...known.map(({ id }) => id.length))
  const lines = known.map(({ id, title }) => `  ${id.padEnd(width)}  ${title}`)
  return new CaravanError({
    code: 'usage',
    message: `which job is to be run?\n${lines.join('\n')}`,
    hint: `The flags of a job are shown by: caravan ${words} <job> --help`,
  })
}
