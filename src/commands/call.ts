import { type Command, CommanderError, Option } from 'commander'
import type { CallAnswer, CallReport, PreparedCall } from '../app/call.ts'
import type { App } from '../app/app.ts'
import { CaravanError } from '../core/errors.ts'
import { agree, refuseConfirm } from './call-consent.ts'
import { registerCallResult } from './call-result.ts'
import { sayWaits } from './call-waiting.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples } from './flags.ts'
import { paintFor } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printJson, printRecord, say } from './output/print.ts'
import { readStdin } from './output/prompt.ts'
import { formatDuration, formatInstant } from './output/time.ts'
import { flagMeant } from './output/meant.ts'
import { flagsOf } from './output/usage.ts'
import { wholeHelp } from './schema-flags.ts'

type CallFlags = OutputFlags & {
  data?: string
  service?: string
  queue?: boolean
  dryRun?: boolean
  yes?: boolean
  confirm?: string
  idempotencyKey?: string
  help?: boolean
}

export function registerCall(program: Command, cli: Cli): void {
  const command = program
    .command('call')
    .summary('Ask a service to do one thing: send a message, look something up')
    .usage('[options] [operation] [key=value...]')
  registerCallResult(command, cli) // before the help of this one is replaced
  command.hook('preSubcommand', handDown)
  command
    .argument('[operation]', 'kind and operation, as in "caravan kinds"')
    .argument(
      '[input...]',
      'key=value, once for each value of a list; @file and @- for what a file or stdin holds',
    )
    .option('--data <file>', 'a JSON object with the input, "-" for stdin; key=value goes over it')
    .option('--service <service>', 'ask this one alone')
    .option('--queue', 'put it into the queue, print its id and send nothing now')
    .option('--dry-run', 'check everything and show what would be sent to whom')
    .option('--yes', 'agree to what the call changes or sends')
    .option('--confirm <amount>', 'agree to this amount, for what moves money')
    .option(
      '--idempotency-key <text>',
      'calls with the same key act once; for a script that repeats',
    )
    .option('--json', 'print one JSON object')
    .addOption(
      new Option('--output <format>', 'how to print')
        .choices(['table', 'json', 'jsonl', 'csv'])
        .conflicts('json'),
    )
    .allowUnknownOption()
    .helpOption(false)
    .option('-h, --help', 'show this help, with the inputs of the operation that is named')
    .action(async (name: string | undefined, words: string[], flags: CallFlags) => {
      if (flags.help) return cli.io().out(await helpOf(command, cli, name))
      if (name === undefined) throw await operationMissing()
      const call = await orJson(cli.io(), name, flags, async () => {
        await refuseFlags(command, name, [name, ...words])
        return read(name, words, flags)
      })
      await cli.withApp((app) => (flags.dryRun ? rehearse : make)(app, cli, call, flags))
    })
  withExamples(
    command,
    'caravan call supplier.getStock code=GA0SZC00U',
    'caravan call supplier.listProducts --output csv > products.csv',
    'caravan call sms.send to=+8618501234444 template=order_shipped --dry-run',
    'caravan call sms.send --help',
  )
}

/** Flags that `call` knows too were read as its own; they are meant for the command that stands below it. */
function handDown(call: Command, below: Command): void {
  for (const option of call.options) {
    const name = option.attributeName()
    if (call.getOptionValueSource(name) !== 'cli') continue
    if (name === 'help') below.help()
    if (!below.options.some(({ long }) => long === option.long)) {
      const message = `error: unknown option '${option.long}'`
      throw new CommanderError(1, 'commander.unknownOption', message)
    }
    below.setOptionValueWithSource(name, call.getOptionValue(name), 'cli')
  }
}

async function read(
  name: string,
  words: readonly string[],
  flags: CallFlags,
): Promise<PreparedCall> {
  const { prepareCall } = await import('../app/call.ts')
  if (flags.dryRun) (await import('./call-rehearsal.ts')).refuseRows(flags)
  const call = await prepareCall(name, { words, data: flags.data, readStdin })
  refuseConfirm(call, flags.confirm)
  return call
}

/** With `--json` a call that was never made is an answer too, so that a script reads one thing alone. */
async function orJson<T>(
  io: Io,
  name: string,
  flags: CallFlags,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (formatOf(flags) === 'json' && error instanceof Error) {
      const { unmadeAnswer } = await import('../app/call.ts')
      printJson(io, unmadeAnswer(name, error))
    }
    throw error
  }
}

async function rehearse(app: App, cli: Cli, call: PreparedCall, flags: CallFlags): Promise<void> {
  const io = cli.io()
  const { rehearseCall } = await import('../app/call.ts')
  const { printRehearsal } = await import('./call-rehearsal.ts')
  const plan = await orJson(io, call.operation.name, flags, () => rehearseCall(app, call, flags))
  await printRehearsal(io, plan, flags)
}

async function make(app: App, cli: Cli, call: PreparedCall, flags: CallFlags): Promise<void> {
  const io = cli.io()
  const { makeCall, requireRoute } = await import('../app/call.ts')
  const { answer, exit, error } = await orJson(io, call.operation.name, flags, async () => {
    // What cannot be sent at all need not be agreed to.
    await requireRoute(app, call, flags)
    await agree(io, app, call, flags)
    return sayWaits(cli, (onStep) => makeCall(app, call, { ...flags, onStep }))
  })
  cli.exit(exit)
  await printAnswer(io, { answer, exit, error }, flags)
  if (error !== undefined) throw error
}

async function printAnswer(
  io: Io,
  { answer }: CallReport,
  flags: OutputFlags & Pick<CallFlags, 'queue'>,
): Promise<void> {
  const format = formatOf(flags)
  if (format === 'json') return printJson(io, answer)
  const { id, outcome } = answer
  if (outcome === 'accepted') {
    // The id alone, so that a script can keep it.
    io.out(`${id}\n`)
    if (answer.repeated) return sayRepeated(io, answer, answer.repeated)
    return say(io, acceptedWords(answer, flags.queue === true))
  }
  if (answer.error) return
  if (format === 'table') await printView(io, answer)
  else await printRows(io, answer, format)
  sayOutcome(io, answer)
}

/** With what kept it from being sent at once: a config that is wrong is not mended by waiting. */
function acceptedWords({ id, error }: CallAnswer, isWish: boolean): string {
  const fate = `it has not been sent. What becomes of it: caravan call result ${id}`
  if (isWish) return `Queued; ${fate}`
  const why = error ? `\n  ${[error.message, error.hint].filter(Boolean).join('\n  ')}` : ''
  return `It could not be sent now, so it was queued; ${fate}${why}`
}

/** Lines and rows as one text, so that a pager shows the whole. */
async function printView(io: Io, { items, output }: CallAnswer): Promise<void> {
  const { columnsOf, rowsOf, viewOf } = await import('./call-output.ts')
  const { renderTable } = await import('./output/table.ts')
  const { lines, rows } = viewOf(output, io.isUtc)
  const shown = items ? rowsOf(items, null) : (rows?.rows ?? [])
  const parts: string[] = []
  const collect: Io = { ...io, columns: io.columns, page: async (text) => void parts.push(text) }
  if (lines.length > 0) await printRecord(collect, { data: {}, lines }, {})
  if (shown.length > 0) {
    const page = { width: io.columns, paint: await paintFor(io) }
    parts.push(
      renderTable(shown as Record<string, unknown>[], columnsOf(shown as never, io.isUtc), page),
    )
  } else if (items) say(io, 'There is nothing to list.')
  await io.page(parts.filter((part) => part !== '').join('\n'))
}

async function printRows(
  io: Io,
  { items, output }: CallAnswer,
  format: 'jsonl' | 'csv',
): Promise<void> {
  const { rowsOf } = await import('./call-output.ts')
  const { printList } = await import('./output/print.ts')
  const rows = rowsOf(items, output)
  await printList(io, { name: 'items', rows, columns: [], empty: '' }, { output: format })
}

/** The same key again: what the call before came to. */
function sayRepeated(
  io: Io,
  { id, outcome }: CallAnswer,
  { at, service }: NonNullable<CallAnswer['repeated']>,
): void {
  const when = formatInstant(at, io.isUtc)
  const by = service === null ? '' : ` by ${service}`
  if (outcome === 'accepted') return say(io, `Not queued again: it waits since ${when}. Call ${id}`)
  const what = outcome === 'partial' ? 'partly done' : 'done'
  say(io, `Not sent again: ${what}${by} at ${when}. Call ${id}`)
}

function sayOutcome(io: Io, answer: CallAnswer): void {
  const { operation, outcome, service, id, age_ms: age, stale, repeated } = answer
  if (repeated) return sayRepeated(io, answer, repeated)
  if (age !== null) {
    const old = formatDuration(age)
    return say(
      io,
      stale
        ? `! This answer is ${old} old: no service could be asked. caravan logs show ${id}`
        : `From the cache, ${old} old.`,
    )
  }
  const by = service ? ` by ${service}` : ''
  if (outcome === 'partial') say(io, `! ${operation}: partly done${by}, some failed. Call ${id}`)
  else say(io, `${operation}: done${by}. Call ${id}`)
  const { cut } = (answer.output ?? {}) as { cut?: unknown }
  if (cut === true) say(io, '! The vendor takes no text of this length: its end was cut off.')
}

/** An input that was written as a flag is told from a flag that does not exist. */
async function refuseFlags(
  command: Command,
  name: string,
  words: readonly string[],
): Promise<void> {
  const stray = words.find((word) => /^--?[a-z]/i.test(word))
  if (stray === undefined) return
  const flag = stray.replace(/=.*$/s, '')
  const key = flag.replace(/^-+/, '')
  const { inputsOf } = await import('../app/call.ts')
  const isInput = inputsOf(name).includes(key)
  const near = isInput ? undefined : flagMeant(`unknown option '${flag}'`, flagsOf(command))
  throw new CaravanError({
    code: 'usage',
    message: `unknown option ${flag}`,
    hint: near ? `Did you mean ${near}?` : `Inputs are written without dashes: ${key}=…`,
    see: `caravan call ${name.startsWith('-') ? '' : `${name} `}--help`,
  })
}

async function operationMissing(): Promise<CaravanError> {
  const { operationsOf } = await import('../app/kinds.ts')
  const all = operationsOf()
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ name, shape }) => `  ${name.padEnd(width)}  ${shape.summary}`)
  return new CaravanError({
    code: 'usage',
    message: `which operation is to be called?\n${lines.join('\n')}`,
    hint: 'The inputs of an operation are shown by: caravan call <operation> --help',
  })
}

async function helpOf(command: Command, cli: Cli, name: string | undefined): Promise<string> {
  const { listHelp, operationHelp } = await import('./call-help.ts')
  const width = Math.min(cli.io().columns, 80)
  if (name === undefined) return wholeHelp(command, await listHelp(width))
  const { describeKinds, exampleOf } = await import('../app/kinds.ts')
  const { operationNamed } = await import('../app/call/operation.ts')
  const operation = operationNamed(name)
  const { operations } = await cli.withApp((app) => describeKinds(app, name))
  const [info] = operations
  return info
    ? wholeHelp(command, operationHelp(info, exampleOf(operation.shape.input), width))
    : ''
}
