/** What a mistyped command, flag or value was probably meant to be. */
import type { Command, CommanderError, Option } from 'commander'
import { nearest } from '../../core/nearest.ts'
import { pathOf } from './usage.ts'

/** Words of other programs for what ours are called; the first that the command at hand has is taken. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  ls: ['list', 'show'],
  services: ['list'],
  service: ['show', 'list'],
  rm: ['remove'],
  delete: ['remove'],
  del: ['remove'],
  uninstall: ['remove'],
  unset: ['remove'],
  new: ['add', 'init'],
  create: ['add', 'init'],
  install: ['add'],
  setup: ['init'],
  put: ['set'],
  store: ['set'],
  get: ['show', 'list'],
  info: ['show', 'status'],
  describe: ['show'],
  view: ['show', 'list'],
  cat: ['show'],
  log: ['logs', 'history'],
  calls: ['logs'],
  run: ['sync'],
  start: ['sync', 'enable'],
  stop: ['disable'],
  on: ['enable'],
  off: ['disable'],
  pause: ['disable'],
  resume: ['enable'],
  conf: ['config'],
  cfg: ['config'],
  configure: ['config', 'edit'],
  validate: ['check', 'test'],
  lint: ['check'],
  verify: ['check', 'test'],
  ping: ['test'],
  check: ['test'],
  ps: ['status', 'runs'],
  stat: ['status'],
  health: ['status', 'doctor'],
  diagnose: ['doctor'],
  vendors: ['adapters'],
  passwd: ['secret'],
  password: ['secret'],
  dump: ['backup'],
  save: ['backup'],
  change: ['edit'],
  update: ['edit'],
  modify: ['edit'],
  revert: ['rollback'],
  undo: ['rollback'],
  mock: ['sandbox'],
  twin: ['sandbox'],
  completions: ['completion'],
  what: ['explain'],
}

/** Flags of other programs, likewise. */
const flagSynonyms: Readonly<Record<string, readonly string[]>> = {
  '--force': ['--yes'],
  '--assume-yes': ['--yes'],
  '-y': ['--yes'],
  '-f': ['--follow', '--yes'],
  '--tail': ['--follow'],
  '-n': ['--limit', '--dry-run'],
  '--count': ['--limit'],
  '--format': ['--output', '--format'],
  '-o': ['--output', '--to'],
  '--silent': ['--quiet'],
  '--verbose': ['--debug'],
  '-v': ['--version'],
  '-c': ['--config'],
  '--simulate': ['--dry-run'],
  '--check': ['--dry-run'],
  '--out': ['--to', '--output'],
  '--from': ['--since'],
}

/** The whole line up to the right word, as it could be typed: `caravan secret list`. */
export function commandMeant(
  program: Command,
  words: readonly string[],
  { code }: Pick<CommanderError, 'code'>,
): string | undefined {
  const { command, word } = strayWord(program, words)
  if (word === undefined || !/unknownCommand|excessArguments/.test(code)) return undefined
  const visible = command.createHelp().visibleCommands(command)
  const names = visible.flatMap((each) => [each.name(), ...each.aliases()])
  // `caravan runs 01JHB2V7`: the id of one of those that are listed.
  if (/^[0-9A-HJKMNP-TV-Z]{8,26}$/i.test(word) && /\d/.test(word) && names.includes('show')) {
    return `${pathOf(command)} show ${word}`
  }
  const found = meant(word, names, synonyms)
  return found && `${pathOf(command)} ${found}`
}

/** The right flag for a mistyped one, of those the command takes and those every command takes. */
export function flagMeant(message: string, known: readonly Option[]): string | undefined {
  const [, flag] = /unknown option '(-[^'=]*)/.exec(message) ?? []
  if (flag === undefined) return undefined
  const names = known.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
  return meant(flag, names, flagSynonyms)
}

/** The right one of the values a flag or argument takes. */
export function choiceMeant(message: string): string | undefined {
  const [, value, list] =
    /'([^']*)' is invalid(?: for argument '[^']*')?\. Allowed choices are (.*)\.$/s.exec(message) ??
    []
  return value === undefined || list === undefined ? undefined : nearest(value, list.split(', '))
}

/** A known synonym first: letters alone would make `log` of `lot`, but never `list` of `ls`. */
function meant(
  word: string,
  known: readonly string[],
  others: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  const listed = Object.hasOwn(others, word) ? others[word] : undefined
  return listed?.find((each) => known.includes(each)) ?? nearest(word, known)
}

/** The first word that is none of the commands that could stand there, and the command it stands behind. */
function strayWord(
  program: Command,
  words: readonly string[],
): { command: Command; word?: string } {
  let command = program
  let isValue = false
  for (const word of words) {
    if (isValue) {
      isValue = false
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(({ long, short }) =>
        [long, short].includes(word),
      )
      isValue = option?.required === true
    } else {
      const next = command.commands.find(
        (each) => each.name() === word || each.aliases().includes(word),
      )
      if (!next) return command.commands.length > 0 ? { command, word } : { command }
      command = next
    }
  }
  return { command }
}
