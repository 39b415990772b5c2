import type { Command } from 'commander'
import { nameMissing } from './choose.ts'
import type { Cli } from './cli.ts'
import { withExamples } from './flags.ts'
import { say } from './output/print.ts'
import {
  parseSchemaFlags,
  schemaHelp,
  wholeHelp,
  withOwnExamples,
  withSchemaFlags,
} from './schema-flags.ts'

type SandboxFlags = { port?: string; write?: string; answers?: string; help?: boolean }

export function registerSandbox(program: Command, cli: Cli): void {
  const command = program
    .command('sandbox')
    .summary('Play a vendor on this machine, to rehearse with')
    .argument('[adapter]', 'whom to play')
    .option('--port <port>', 'port on 127.0.0.1 (default: a free one)')
    .option('--write <file>', 'write the config that points at it here (default: show it)')
    .option('--answers <file>', 'write answers for "caravan add" that point at it here')
  command.action(async (id: string | undefined, flags: SandboxFlags) => {
    const { formOfTwin } = await import('../app/forms.ts')
    const io = cli.io()
    if (flags.help) {
      return io.out(id ? await helpOf(command, id, io.columns) : wholeHelp(command))
    }
    if (id === undefined) {
      const { listAdapters } = await import('../app/adapters.ts')
      const known = await listAdapters()
      throw nameMissing(
        'which adapter is to be played?',
        known.map((each) => each.id),
      )
    }
    const { describeTwin, startSandbox } = await import('../app/sandbox.ts')
    const options = parseSchemaFlags(
      await formOfTwin(id),
      command.args.slice(1),
      `caravan sandbox ${id} --help`,
      command,
    )
    const sandbox = await startSandbox(id, { ...flags, options, clock: cli.clock })
    say(io, `${sandbox.title} is played at ${sandbox.url}. Stop it with Ctrl-C.`)
    for (const file of sandbox.files) say(io, `What points at it is in ${file}.`)
    if (sandbox.files.length === 0) io.out(sandbox.config)
    say(io, 'To make it fail three times:')
    say(io, `  curl ${sandbox.controlUrl}/_twin/faults -d '{"fault":"error-500","times":3}'`)
    const { faults } = await describeTwin(id)
    say(io, `Faults: ${faults.map(([fault]) => fault).join(', ')}.`)
    say(io, `What each shows: caravan sandbox ${id} --help`)
    say(io, `To end them: curl -X DELETE ${sandbox.controlUrl}/_twin/faults`)
    say(io, `What it has received: curl ${sandbox.controlUrl}/_twin/stats`)
    await sandbox.until(cli.signal)
  })
  withExamples(
    withSchemaFlags(command, 'twin'),
    'caravan sandbox haier --products 10000',
    'caravan sandbox haier --port 9000 --answers answers.json',
  )
}

async function helpOf(command: Command, id: string, columns: number): Promise<string> {
  const { formOfTwin } = await import('../app/forms.ts')
  const { describeTwin } = await import('../app/sandbox.ts')
  const { listed } = await import('./call-help.ts')
  const { faults, recipients } = await describeTwin(id)
  const width = Math.min(columns, 80)
  const sections = [
    recipients.length > 0 && `Recipients that fare unlike others:\n${listed(recipients, width)}`,
    `Faults, ordered at /_twin/faults:\n${listed(faults, width)}`,
  ]
  const title = `Flags of ${id}`
  const more = sections.filter(Boolean).join('\n')
  return withOwnExamples(
    schemaHelp(command, title, await formOfTwin(id), more),
    `caravan sandbox ${id}`,
    `caravan sandbox ${id} --port 9000 --answers answers.json`,
  )
}
