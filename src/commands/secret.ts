import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList, say } from './output/print.ts'
import { askSecret, consent } from './output/prompt.ts'
import { formatInstant } from './output/time.ts'

export function registerSecret(program: Command, cli: Cli): void {
  const secret = program.command('secret').summary('Keep credentials in the encrypted store')

  const set = secret
    .command('set')
    .summary('Store a secret; the value is asked for, or read from stdin or a file')
    .argument('<name>', 'what ${secret:name} in the config refers to')
    .option('--file <path>', 'read the value from a file')
    .action(async (name: string, flags: { file?: string }) => {
      const io = cli.io()
      await cli.withApp(async (app) => {
        const { readSecretFile, setSecret } = await import('../app/secrets.ts')
        const value = flags.file
          ? await readSecretFile(flags.file)
          : await askSecret(io, `Value of ${name}`)
        const isNew = await setSecret(app, name, value)
        say(io, `${isNew ? 'Stored' : 'Replaced'} ${name}.`)
      })
    })
  withExamples(
    set,
    'caravan secret set haier.password',
    'pass haier | caravan secret set haier.password',
  )

  const list = secret
    .command('list')
    .summary('List the secrets, never their values')
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
          columns: [
            { title: 'SECRET', text: (row) => row.name },
            { title: 'USED BY', text: (row) => row.used_by.join(', ') || 'nothing', shrink: 1 },
            { title: 'CHANGED', text: (row) => formatInstant(row.updated_at, io.isUtc) },
          ],
          empty: 'The store is empty.',
        },
        flags,
      )
    })
  withExamples(withListOutput(list), 'caravan secret list')

  const remove = secret
    .command('remove')
    .summary('Remove a secret from the store')
    .argument('<name>', 'name of the secret')
    .option('--yes', 'do it without asking')
    .action(async (name: string, flags: { yes?: boolean }) => {
      const io = cli.io()
      await cli.withApp(async (app) => {
        const { removeSecret, secretUsers } = await import('../app/secrets.ts')
        const users = await secretUsers(app, name)
        const warning = users.length > 0 ? `, which ${users.join(', ')} needs` : ''
        await consent(io, `Remove the secret ${name}${warning}?`, flags.yes, '--yes')
        await removeSecret(app, name)
        say(io, `Removed ${name}.`)
      })
    })
  withExamples(remove, 'caravan secret remove haier.password --yes')
}
