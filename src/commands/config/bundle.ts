import type { Command } from 'commander'
import type { BundleReport } from '../../app/answers/bundle.ts'
import { CaravanError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import { formatSize } from '../output/numbers.ts'
import { newPassphrase } from '../output/passphrase.ts'
import { printRecord, say } from '../output/print.ts'

type BundleFlags = { for?: string; passphrase?: boolean; json?: boolean }

export function registerBundle(config: Command, cli: Cli): void {
  const bundle = config
    .command('bundle')
    .summary('Pack config, secrets and schedules into a file for another machine')
    .description(
      'Packs integrations.yaml, which holds the schedules, and the secrets that it names, sealed for one receiver. ' +
        'Nothing else goes with it: no state, no logs, no key. "caravan config restore" unpacks it. A passphrase is read ' +
        'from the file that CARAVAN_NEW_PASSPHRASE_FILE names, else from stdin; on a terminal it is asked for.',
    )
    .argument('<file>', 'where to; nothing may lie there')
    .option('--for <recipient>', 'the receiver, as "caravan key list" shows it on that machine')
    .option('--passphrase', 'a passphrase instead: asked for, or read as above')
    .action(async (file: string, flags: BundleFlags) => {
      const io = cli.io()
      const { for: recipient, passphrase = false } = flags
      if ((recipient === undefined) !== passphrase) throw wantsOneReceiver()
      const report = await cli.withApp(async (app) => {
        const { makeBundle } = await import('../../app/bundle/make.ts')
        if (recipient !== undefined) return makeBundle(app, file, { recipient })
        const { readNewPassphrase } = await import('../../app/keys/index.ts')
        return makeBundle(app, file, { passphrase: () => newPassphrase(io, readNewPassphrase) })
      })
      await printRecord(io, { data: report, lines: linesOf(report) }, flags)
      for (const note of notesOf(report)) say(io, note)
    })
  withExamples(
    withJson(bundle),
    'caravan config bundle new-server.bundle --for "$RECIPIENT"',
    'pass bundle | caravan config bundle new-server.bundle --passphrase',
  )
}

const linesOf = (report: BundleReport): [string, string][] => [
  ['bundle', report.file],
  ['size', formatSize(report.bytes)],
  ['for', report.recipient ?? 'who knows the passphrase'],
  ['services', report.services.join(', ') || 'none'],
  [
    'schedules',
    report.jobs.map(({ name, schedule }) => `${name}: ${schedule ?? 'by hand'}`).join('\n') ||
      'none',
  ],
  ['secrets', report.secrets.join(', ') || 'none'],
  ['sealed', report.moved.map(({ path, secret }) => `${path}, as ${secret}`).join('\n')],
  [
    'not inside',
    report.not_carried.map(({ placeholder, path }) => `${placeholder} of ${path}`).join('\n'),
  ],
  ['not stored', report.not_stored.join(', ')],
]

function notesOf(report: BundleReport): string[] {
  const notes: string[] = []
  if (report.moved.length > 0) {
    notes.push(
      'What stands in clear in the file ("sealed" above) is a stored secret in the bundle. The file here stays as it is.',
    )
  }
  if (report.masked_comments > 0) {
    notes.push(
      `In the bundle *** stands in ${report.masked_comments} lines of comments that seemed to hold a secret.`,
    )
  }
  if (report.not_stored.length > 0) {
    notes.push('The config names secrets that are not stored here ("not stored" above).')
  }
  return notes
}

const wantsOneReceiver = (): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: 'a bundle is sealed with one of --for <recipient> and --passphrase',
    hint: '"caravan key list" shows the recipient on the machine that is to receive it.',
  })
