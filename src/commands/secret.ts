import type { Command } from 'commander'
import type { SecretInfo } from '../app/answers/secrets.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList, say } from './output/print.ts'
import { askSecret, consent } from './output/prompt.ts'
import type { Column } from './output/table.ts'

export function registerSecret(program: Command, cli: Cli): void {
  const secret = program.command('secret').summary('Keep credentials in the encrypted store')

  const set = secret
    .command('set')
    .summary('Store a secret; the value is asked for, or read from stdin or a file')
    .argument('<secret-name>', 'what ${secret:name} in the config refers to')
    .option('--file <path>', 'read the value from a file')
    .option('--expires <day>', 'when the credential ends, such as 2027-01-31')
    .action(async (name: string, flags: { file?: string; expires?: string }) => {
      const io = cli.io()
      await cli.withApp(async (app) => {
        const { readSecretFile, requireSecretWords, setSecret, troubleOfUsers } =
          await import('../app/secrets.ts')
        requireSecretWords(name, flags.expires)
        const value = flags.file
          ? await readSecretFile(flags.file)
          : await askSecret(io, `Value of ${name}`)
        const { isNew, expiresAt } = await setSecret(app, name, value, flags.expires)
        const end = expiresAt === null ? '' : `, which ends on ${dayOf(expiresAt)} (UTC)`
        say(io, `${isNew ? 'Stored' : 'Replaced'} ${name}${end}.`)
        for (const line of await troubleOfUsers(app, name)) say(io, line)
      })
    })
  withExamples(
    set,
    'caravan secret set haier.password',
    'pass haier | caravan secret set haier.password',
    'caravan secret set bank.certificate --file bank.pem',
  )

  const list = secret
    .command('list')
    .summary('List the secrets with age, last use and end, never their values')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listSecrets } = await import('../app/secrets.ts')
        return listSecrets(app)
      })
      await printList(
        io,
        {
          name: 'secrets',
          rows,
          columns: columnsAt(cli.clock.now()),
          empty: 'The store is empty.',
        },
        flags,
      )
    })
  withExamples(withListOutput(list), 'caravan secret list')

  const remove = secret
    .command('remove')
    .summary('Remove a secret from the store')
    .argument('<secret-name>', 'name of the secret')
    .option('--yes', 'do it without asking')
    .action(async (name: string, flags: { yes?: boolean }) => {
      const io = cli.io()
      await cli.withApp(async (app) => {
        const { removeSecret, requireSecret, secretUsers, troubleOfUsers } =
          await import('../app/secrets.ts')
        await requireSecret(app, name)
        const users = await secretUsers(app, name)
        const warning = users.length > 0 ? `, which ${users.join(', ')} needs` : ''
        await consent(io, `Remove the secret ${name}${warning}?`, flags.yes, '--yes')
        await removeSecret(app, name)
        say(io, `Removed ${name}.`)
        for (const line of await troubleOfUsers(app, name)) say(io, line)
      })
    })
  withExamples(remove, 'caravan secret remove haier.password --yes')
}

/** `expires` is the day in UTC, so that everybody reads the same one. */
const dayOf = (instant: string): string => instant.slice(0, 10)

const columnsAt = (now: Date): Column<SecretInfo>[] => {
  const since = (instant: string) => coarseSpan(now.getTime() - Date.parse(instant))
  return [
    { title: 'SECRET', text: (row) => row.name },
    { title: 'USED BY', text: (row) => row.used_by.join(', ') || 'nothing', shrink: 1 },
    { title: 'AGE', text: (row) => since(row.updated_at), isNumber: true, drop: 3 },
    {
      title: 'LAST USED',
      text: (row) => (row.last_used_at ? `${since(row.last_used_at)} ago` : 'never'),
      drop: 2,
    },
    {
      title: 'EXPIRES',
      text: (row) => (row.expires_at ? dayOf(row.expires_at) : ''),
      isOptional: true,
      drop: 1,
    },
    {
      title: 'NOTE',
      text: (row) => row.flags.map((flag) => words(flag, row, now)).join(', '),
      tone: ({ flags }) => (flags.some((flag) => flag !== 'never_used') ? 'warn' : 'dim'),
      isOptional: true,
    },
  ]
}

function words(flag: SecretInfo['flags'][number], row: SecretInfo, now: Date): string {
  if (flag === 'expires_soon' && row.expires_at) {
    return `expires in ${coarseSpan(Date.parse(row.expires_at) - now.getTime())}`
  }
  return flagWords[flag]
}

const flagWords: Record<SecretInfo['flags'][number], string> = {
  unused: 'unused',
  never_used: 'never used',
  idle: 'not used for 90 days',
  expires_soon: 'expires soon',
  expired: 'expired',
}

const hourMs = 3_600_000

/** One figure is enough for an age: `9 days`, `5 h`, `3 min`. */
function coarseSpan(ms: number): string {
  const hours = Math.floor(Math.max(0, ms) / hourMs)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours > 0 ? `${hours} h` : `${Math.floor(Math.max(0, ms) / 60_000)} min`
}
