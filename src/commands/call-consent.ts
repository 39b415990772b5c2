/** What somebody has to agree to before a call is made. */
import type { App } from '../app/app.ts'
import type { CallWish, Consent, PreparedCall } from '../app/call.ts'
import { CaravanError } from '../core/errors.ts'
import type { Io } from './output/io.ts'
import { consent } from './output/prompt.ts'
import { wrap } from './output/wrap.ts'

type Given = CallWish & { yes?: boolean; confirm?: string }

/** Nothing for reads, a yes for what acts, the very amount for what moves money. */
export async function agree(io: Io, app: App, call: PreparedCall, given: Given): Promise<void> {
  const { consent: wanted, operation } = call
  if (wanted.needs === 'amount') {
    return agreeToAmount(io, operation.name, wanted, given.confirm)
  }
  if (wanted.needs === 'nothing' || given.yes) return
  const question = io.mayAsk ? await questionOf(app, call, wanted, given) : wanted.question
  // The prompt would break words; behind it stands (y/N).
  const lines = io.mayAsk ? wrap(question, io.errColumns - 8) : [question]
  await consent(io, lines.join('\n  '), false, '--yes')
}

/** With what only a person at a terminal is shown: the words of the message, and who would send it. */
async function questionOf(
  app: App,
  { operation, checked }: PreparedCall,
  { question, about }: Extract<Consent, { needs: 'yes' }>,
  { service, queue }: CallWish,
): Promise<string> {
  const { findWhoCan } = await import('../app/call/rehearse.ts')
  const { services, firstAmong } = await findWhoCan(app, operation, checked, { service })
  const who = queue
    ? 'by way of the queue'
    : services.length > 0
      ? `through ${[services.slice(0, firstAmong).join(' or '), ...services.slice(firstAmong)].join(', else ')}`
      : 'which no service could take now'
  return `${[question.replace(/\?$/, ''), about, who].filter(Boolean).join(', ')}?`
}

/** `--confirm` is for what moves money alone: elsewhere it would be taken for a limit that nobody keeps. */
export function refuseConfirm(
  { operation, consent: wanted }: PreparedCall,
  confirm?: string,
): void {
  if (confirm === undefined || wanted.needs === 'amount') return
  throw new CaravanError({
    code: 'usage',
    message: `${operation.name} moves no money, so there is no amount to --confirm`,
    hint: wanted.needs === 'yes' ? 'Agree with --yes.' : 'Leave the flag out.',
  })
}

export async function agreeToAmount(
  io: Io,
  name: string,
  { amount }: Extract<Consent, { needs: 'amount' }>,
  given: string | undefined,
): Promise<void> {
  const { amountText, isAmount, notConfirmed } = await import('../app/call.ts')
  if (given === undefined && !io.mayAsk) {
    throw new CaravanError({
      code: 'consent_missing',
      message: `${name} moves ${amountText(amount)}: nobody was asked, because this is not a terminal`,
      hint: `--yes is not enough. Say the amount: --confirm ${amountText(amount).split(' ')[0]}`,
    })
  }
  const typed = given ?? (await askAmount(`${name} moves ${amountText(amount)}. Type the amount:`))
  if (!isAmount(typed, amount)) throw notConfirmed(name, amount)
}

async function askAmount(message: string): Promise<string> {
  const { input } = await import('@inquirer/prompts')
  return input({ message }, { output: process.stderr })
}
