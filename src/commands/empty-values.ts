import type { Command, Option } from 'commander'
import { CaravanError } from '../core/errors.ts'

/** May be said to be nothing. */
const mayBeEmpty: readonly string[] = ['--reason']

/**
 * An empty value is a shell variable that is not set: to take it for a flag left out would do something else than was
 * meant, such as a whole sync. Throws `usage` for the first such flag.
 */
export function refuseEmpty(command: Command): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName())
    if (isEmpty(value) && !mayBeEmpty.includes(option.long ?? '')) throw empty(option)
  }
}

/** The same for the command that is about to run and for the flags that every command takes. */
export function refuseEmptyFlags(program: Command): void {
  program.hook('preAction', (_, command) => {
    for (let each: Command | null = command; each; each = each.parent) refuseEmpty(each)
  })
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (Array.isArray(value) && (value.length === 0 || value.includes('')))

const empty = ({ long, flags }: Option): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `${long ?? flags}: its value is empty`,
    hint: 'Is a variable of the shell not set? Give a value, or leave the flag out.',
  })
