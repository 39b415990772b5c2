import type { Command } from 'commander'
import type { RotatedKey } from '../app/answers/keys.ts'
import { CaravanError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { formatCount } from './output/numbers.ts'
import { newPassphrase } from './output/passphrase.ts'
import { printList, printRecord, say } from './output/print.ts'
import { consent } from './output/prompt.ts'
import { formatInstant } from './output/time.ts'

export function registerKey(program: Command, cli: Cli): void {
  const key = program.command('key').summary('Keep the keys that unlock the stored secrets')
  registerKeyList(key, cli)
  registerKeyAdd(key, cli)
  registerKeyRemove(key, cli)
  registerKeyRotate(key, cli)
}

function registerKeyList(key: Command, cli: Cli): void {
  const list = key
    .command('list')
    .summary('List the key slots: what unlocks the secrets')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listSlots } = await import('../app/keys/index.ts')
        return listSlots(app)
      })
      await printList(
        io,
        {
          name: 'slots',
          rows,
          columns: [
            { title: 'SLOT', text: (row) => row.id },
            { title: 'KIND', text: (row) => row.kind },
            { title: 'LABEL', text: (row) => row.label, tone: () => 'strong', shrink: 2 },
            {
              title: 'HERE',
              text: ({ in_use }) =>
                in_use === null ? 'not tried' : in_use ? 'in use' : 'not here',
              tone: (row) => (row.in_use ? 'good' : undefined),
            },
            { title: 'CREATED', text: (row) => formatInstant(row.created_at, io.isUtc), drop: 2 },
            { title: 'BY', text: (row) => row.created_by ?? '', drop: 3 },
            { title: 'RECIPIENT', text: (row) => row.recipient ?? '', drop: 1 },
          ],
          empty: 'There is no key slot.',
        },
        flags,
      )
    })
  withExamples(withListOutput(list), 'caravan key list', 'caravan key list --json')
}

type AddFlags = {
  file?: string
  passphrase?: boolean
  recipient?: string
  label?: string
  json?: boolean
}

function registerKeyAdd(key: Command, cli: Cli): void {
  const add = key
    .command('add')
    .summary('Add another key or a passphrase that unlocks the secrets')
    .description(
      'Adds a key slot, one of three kinds. Each slot unlocks everything; none needs the others.',
    )
    .option('--file <path>', 'make a new key file')
    .option(
      '--passphrase',
      'a passphrase: asked for, read from stdin or CARAVAN_NEW_PASSPHRASE_FILE',
    )
    .option(
      '--recipient <recipient>',
      'a key that is elsewhere, as its "caravan key list" shows it',
    )
    .option('--label <text>', 'what the slot is called')
    .action(async (flags: AddFlags) => {
      const io = cli.io()
      const { file, passphrase, recipient, label } = flags
      const given = [file, passphrase, recipient].filter((flag) => flag !== undefined)
      if (given.length !== 1) throw wantsOneKind()
      const added = await cli.withApp(async (app) => {
        const { addSlot, readNewPassphrase } = await import('../app/keys/index.ts')
        if (file !== undefined) return addSlot(app, { file, label })
        if (recipient !== undefined) return addSlot(app, { recipient, label })
        return addSlot(app, { passphrase: () => newPassphrase(io, readNewPassphrase), label })
      })
      await printRecord(
        io,
        {
          data: added,
          lines: [
            ['slot', added.slot],
            ['kind', added.kind],
            ['label', added.label],
            ['file', added.file ?? ''],
            ['recipient', added.recipient],
          ],
        },
        flags,
      )
      if (added.file !== null)
        say(io, `Use it with CARAVAN_KEY_FILE=${added.file}, or keep it in a safe place.`)
    })
  withExamples(
    withJson(add),
    'caravan key add --file spare.key --label "office safe"',
    'pass caravan | caravan key add --passphrase',
  )
}

function registerKeyRemove(key: Command, cli: Cli): void {
  const remove = key
    .command('remove')
    .summary('Remove a key slot: what it holds unlocks nothing any more')
    .description(
      'Removes a key slot and seals every secret anew, for whoever had the removed key could have kept what it unlocked.',
    )
    .argument('<slot>', 'id of the slot, the beginning of it, or its label')
    .option('--yes', 'do it without asking')
    .action(async (name: string, flags: { yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      const removed = await cli.withApp(async (app) => {
        const { planRemoval, removeSlot } = await import('../app/keys/index.ts')
        const { id, label, isInUse } = await planRemoval(app, name)
        const warning = isInUse ? ', which is the one that unlocks here' : ''
        await consent(io, `Remove the key slot ${label} (${id})${warning}?`, flags.yes, '--yes')
        return removeSlot(app, id)
      })
      await printRecord(
        io,
        {
          data: removed,
          lines: [
            ['removed', `${removed.label} (${removed.slot})`],
            ['sealed anew', secrets(removed.secrets)],
            ['slots left', String(removed.slots)],
          ],
        },
        flags,
      )
      if (removed.was_in_use)
        say(
          io,
          'That slot unlocked here. Give caravan the key or the passphrase of another one now.',
        )
      say(io, 'Backups made before still open with the removed key.')
    })
  withExamples(withJson(remove), 'caravan key remove passphrase --yes')
}

function registerKeyRotate(key: Command, cli: Cli): void {
  const rotate = key
    .command('rotate')
    .summary('Replace the key in use with a new one, while caravan runs')
    .description(
      'Makes a new key for the slot in use and seals every secret anew. Other processes go on, other slots keep ' +
        'their keys, and the old key opens nothing any more. It may be killed at any moment; run it again then. ' +
        'Backups made before still need the old key: a key file is kept beside the new one, as <file>.before-<id>.',
    )
    .option('--to <file>', 'where to write the new key, when the old one is given from outside')
    .action(async (flags: { to?: string; json?: boolean }) => {
      const io = cli.io()
      const rotated = await cli.withApp(async (app) => {
        const { readNewPassphrase, rotateKey } = await import('../app/keys/index.ts')
        return rotateKey(app, {
          to: flags.to,
          newPassphrase: () => newPassphrase(io, readNewPassphrase),
        })
      })
      await printRecord(
        io,
        {
          data: rotated,
          lines: [
            ['slot', `${rotated.label} (${rotated.slot})`],
            ['new key', rotated.file ?? 'the new passphrase'],
            ['old key', rotated.former ?? ''],
            ['opens', secrets(rotated.secrets)],
            ['other slots', `${rotated.other_slots}, with the keys they have`],
          ],
        },
        flags,
      )
      for (const line of words(rotated, flags.to)) say(io, line)
    })
  withExamples(
    withJson(rotate),
    'caravan key rotate',
    'caravan key rotate --to /root/caravan-new.key',
  )
}

function words(rotated: RotatedKey, to: string | undefined): string[] {
  const lines = [
    rotated.finished_earlier
      ? 'An earlier rotation had been stopped near its end; it is finished now. Run it again for yet another key.'
      : 'The old key opens nothing in this state any more; backups made before still need it.' +
        (rotated.former ? ' Move it to them, or remove it when they are gone.' : ''),
  ]
  if (to !== undefined)
    lines.push(
      `Put the key from ${rotated.file} in the place of the old one now, and start running processes again.`,
    )
  return lines
}

const secrets = (count: number): string =>
  count === 1 ? '1 secret' : `${formatCount(count)} secrets`

const wantsOneKind = (): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: 'a key slot is one of --file <path>, --passphrase and --recipient <recipient>',
    see: 'caravan key add --help',
  })
