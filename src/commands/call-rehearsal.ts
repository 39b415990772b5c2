import type { CallRehearsal } from '../app/call.ts'
import { CaravanError } from '../core/errors.ts'
import type { Io } from './output/io.ts'
import { formatOf, type OutputFlags, printRecord, say } from './output/print.ts'
import { formatInstant } from './output/time.ts'

/** A dry run is one record, and none of rows. Throws `usage`. */
export function refuseRows(flags: OutputFlags): void {
  const format = formatOf(flags)
  if (format === 'table' || format === 'json') return
  throw new CaravanError({
    code: 'usage',
    message: `a dry run lists nothing, so --output ${format} has no rows to print`,
    hint: 'Use --json, or leave --output out.',
  })
}

export async function printRehearsal(
  io: Io,
  plan: CallRehearsal,
  flags: OutputFlags,
): Promise<void> {
  const others = plan.services.slice(plan.first_among)
  const next = plan.first_among > 1 ? ['the next of them', ...others] : others
  const input = Object.entries((plan.input ?? {}) as object).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const not = plan.not_asked.map(({ service, why, until }) => {
    return `${service}: ${why}${until === null ? '' : `, until ${formatInstant(until, io.isUtc)}`}`
  })
  await printRecord(
    io,
    {
      data: plan,
      lines: [
        ['operation', plan.operation],
        ['effect', plan.effect],
        ['service', serviceWords(plan)],
        ['if that fails', next.join(', ')],
        ['not asked', not.join('\n')],
        ['consent', consentWords(plan)],
        ['input', input.join('\n')],
      ],
    },
    flags,
  )
  const unserved = plan.services.length === 0 && !plan.queued
  say(io, `Dry run: nothing was sent.${unserved ? ' Nobody could take the call now.' : ''}`)
}

function serviceWords({ services, first_among: equals, queued }: CallRehearsal): string {
  if (services.length === 0) {
    return queued ? 'nobody could take it now; it would be queued' : 'nobody could take it now'
  }
  const names = services.slice(0, equals).join(' or ')
  const first = equals > 1 ? `${names}, drawn by weight` : names
  return queued ? `none now; queued, then ${first}` : first
}

function consentWords({ consent, amount }: CallRehearsal): string {
  if (consent === 'amount') return `--confirm, with the amount of ${amount}`
  return consent === 'yes' ? 'a yes, or --yes' : 'nothing'
}
