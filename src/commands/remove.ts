import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples } from './flags.ts'
import { say } from './output/print.ts'
import { consent } from './output/prompt.ts'

export function registerRemove(program: Command, cli: Cli): void {
  const command = program
    .command('remove')
    .summary('Take a service out of the config, with its stored secrets')
    .argument('<service>', 'name of the service')
    .option('--yes', 'do it without asking')
    .option('--keep-secrets', 'leave its secrets in the store')
    .action(async (name: string, flags: { yes?: boolean; keepSecrets?: boolean }) => {
      const io = cli.io()
      await cli.withApp(async (app) => {
        const { planRemoval, removeService } = await import('../app/remove.ts')
        const plan = await planRemoval(app, name)
        const secrets = flags.keepSecrets ? [] : plan.secrets
        const along = secrets.length > 0 ? ` and its secrets ${secrets.join(', ')}` : ''
        const loss = plan.isChannel ? ' Alerts are no longer told through it.' : ''
        await consent(io, `Remove ${name}${along}?${loss}`, flags.yes, '--yes')
        await removeService(app, name, secrets)
        say(io, `Removed ${name}${along}. What it brought in stays in the state.${loss}`)
      })
    })
  withExamples(command, 'caravan remove sms-backup --yes')
}
