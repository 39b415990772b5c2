import type { Command } from 'commander'
import type { TokenInfo } from '../app/answers/tokens.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { printJson, printList, printRecord, say } from './output/print.ts'
import { formatInstant } from './output/time.ts'

export function registerToken(program: Command, cli: Cli): void {
  const token = program.command('token').summary("Keep the tokens of the listener's API")
  registerTokenList(token, cli)
  registerTokenCreate(token, cli)
  registerTokenRevoke(token, cli)
}

function registerTokenList(token: Command, cli: Cli): void {
  const list = token
    .command('list', { isDefault: true })
    .summary('List the tokens: what they may do, until when, and whether they are used')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { showTokens } = await import('../app/tokens.ts')
        return showTokens(app)
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      await printList(
        io,
        {
          name: 'tokens',
          rows,
          columns: [
            { title: 'TOKEN', text: (row) => row.name, tone: () => 'strong' },
            {
              title: 'STATE',
              text: (row) => row.state,
              tone: (row) => (row.state === 'active' ? 'good' : 'bad'),
            },
            { title: 'SCOPES', text: (row) => row.scopes.join(',') },
            { title: 'USED', text: (row) => at(row.used_at) || 'never', drop: 2 },
            { title: 'EXPIRES', text: (row) => at(row.expires_at) || 'never', drop: 3 },
            { title: 'CREATED', text: (row) => at(row.created_at), drop: 4 },
            { title: 'BY', text: (row) => row.created_by, drop: 5 },
          ],
          empty: 'There are no tokens. Make one with "caravan token create <name> --scope read".',
        },
        flags,
      )
    })
  withExamples(withListOutput(list), 'caravan token', 'caravan token list --json')
}

type CreateFlags = { scope?: string; expires?: string; json?: boolean }

function registerTokenCreate(token: Command, cli: Cli): void {
  const create = token
    .command('create')
    .summary('Make a token and print it, this once')
    .description(
      'Makes a token and prints it on stdout, this once: only its hash is kept. ' +
        'Scopes: read looks at services, calls, jobs and runs; call calls services, tests connections and runs jobs; ' +
        'admin switches services, pauses jobs and cancels runs. None of them holds another one.',
    )
    .argument('<name>', 'a name for whoever will hold it')
    .option('--scope <scopes>', 'what it may do: read, call, admin; several with commas')
    .option('--expires <duration>', 'how long it holds, such as 90d; left out: until it is revoked')
    .action(async (name: string, flags: CreateFlags) => {
      const io = cli.io()
      const created = await cli.withApp(async (app) => {
        const { createToken } = await import('../app/tokens.ts')
        return createToken(app, name, flags)
      })
      if (flags.json) return printJson(io, created)
      // The token alone, so that a script can keep it.
      io.out(`${created.token}\n`)
      const end = created.expires_at
        ? `until ${formatInstant(created.expires_at, io.isUtc)}`
        : 'until it is revoked'
      say(
        io,
        `${created.name} may ${created.scopes.join(', ')}, ${end}. ` +
          'It is not shown again: keep it where secrets are kept.',
      )
    })
  withExamples(
    withJson(create),
    'caravan token create prometheus --scope read',
    'caravan token create shop --scope read,call --expires 90d',
  )
}

function registerTokenRevoke(token: Command, cli: Cli): void {
  const revoke = token
    .command('revoke')
    .summary('End a token: it is refused at once')
    .argument('<token>', 'name of the token')
    .action(async (name: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const revoked = await cli.withApp(async (app) => {
        const { endToken } = await import('../app/tokens.ts')
        return endToken(app, name)
      })
      const lines = [
        ['token', revoked.name],
        ['state', revoked.changed ? revoked.state : `${revoked.state} (as before)`],
        ['revoked', formatInstant(revoked.revoked_at, io.isUtc)],
        ['last used', lastUse(revoked, io.isUtc)],
      ] as const
      await printRecord(io, { data: revoked, lines }, flags)
    })
  withExamples(withJson(revoke), 'caravan token revoke prometheus')
}

const lastUse = ({ used_at }: TokenInfo, isUtc: boolean): string =>
  formatInstant(used_at, isUtc) || 'never'
