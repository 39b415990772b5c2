import type { Command } from 'commander'
import type { Compared, ConfigRestored } from '../../app/answers/bundle.ts'
import type { RestorePlan } from '../../app/bundle/restore.ts'
import { utcText } from '../../core/words.ts'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import type { Io } from '../output/io.ts'
import { printRecord, say } from '../output/print.ts'
import { bundlePassphrase } from '../output/passphrase.ts'
import { consent } from '../output/prompt.ts'

export function registerRestore(config: Command, cli: Cli): void {
  const restore = config
    .command('restore')
    .summary('Unpack a bundle of another machine: config, secrets and schedules')
    .description(
      'Unpacks what "caravan config bundle" packed: shows what would change, stores the secrets under the key of this ' +
        'installation, and replaces integrations.yaml; the former file is kept beside it. Whoever knows the recipient ' +
        'of this installation can seal a bundle for it: take one only from where you trust it. The passphrase of one that ' +
        'was sealed with --passphrase is asked for on a terminal; elsewhere it is read from stdin, or when that is ' +
        'empty from the file that CARAVAN_PASSPHRASE_FILE names.',
    )
    .argument('<bundle>', 'the file')
    .option('--yes', 'replace what is here without asking')
    .action(async (file: string, flags: { yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      const restored = await cli.withApp(async (app) => {
        const { planConfigRestore, restoreConfig } = await import('../../app/bundle/restore.ts')
        const { readGivenPassphrase } = await import('../../app/keys/index.ts')
        const plan = await planConfigRestore(app, file, () =>
          bundlePassphrase(io, readGivenPassphrase),
        )
        if (plan.replaces) {
          for (const line of linesOf(plan)) say(io, line.join(': '))
          await consent(io, `Replace ${replacedBy(plan)}?`, flags.yes, '--yes')
        }
        return restoreConfig(app, plan)
      })
      await printRestored(io, restored, flags)
    })
  withExamples(withJson(restore), 'caravan config restore new-server.bundle --yes')
}

/** What of what is here gets another content. */
function replacedBy({ changesFile, config, secrets }: RestorePlan): string {
  const names = secrets.filter(({ change }) => change === 'different').map(({ name }) => name)
  return [
    ...(changesFile ? [config] : []),
    ...(names.length > 0 ? [`the value of ${names.join(', ')}`] : []),
  ].join(' and ')
}

const linesOf = (
  what: Pick<RestorePlan, 'services' | 'jobs' | 'settings' | 'secrets' | 'kept_here'>,
): [string, string][] =>
  (
    [
      ['services', changesOf(what.services)],
      ['jobs', changesOf(what.jobs)],
      ['settings', changesOf(what.settings)],
      ['secrets', changesOf(what.secrets)],
      ['as before', what.kept_here.join(', ')],
    ] satisfies [string, string][]
  ).filter(([, text]) => text !== '')

/** `new: haier, haier-2; gone: old`. */
const changesOf = (compared: readonly Compared[]): string =>
  (['new', 'different', 'gone', 'same'] as const)
    .flatMap((change) => {
      const names = compared.filter((each) => each.change === change).map(({ name }) => name)
      return names.length > 0 ? [`${change}: ${names.join(', ')}`] : []
    })
    .join('; ')

async function printRestored(
  io: Io,
  restored: ConfigRestored,
  flags: { json?: boolean },
): Promise<void> {
  if (!restored.changed) say(io, 'Nothing was changed: everything is here already.')
  await printRecord(
    io,
    {
      data: restored,
      lines: [
        ['config', restored.config],
        ['from', `caravan ${restored.made_by}, ${utcText(restored.made_at)}`],
        ...linesOf(restored),
        ['former', restored.former ?? ''],
        ['unset here', restored.unset.map(({ path, message }) => `${path}: ${message}`).join('\n')],
        ['faults', restored.faults.join('\n') || 'none'],
      ],
    },
    flags,
  )
  if (restored.unset.length > 0) say(io, 'Set what is unset here, then run "caravan config check".')
}
