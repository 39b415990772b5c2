import type { PreparedCall } from '../../app/call.ts'
import { CaravanError } from '../../core/errors.ts'

/** As a person has to agree on the command line: there with --yes, here with the scope; the amount has to be said in both. */
export async function requireAgreement(
  { operation, consent }: Pick<PreparedCall, 'operation' | 'consent'>,
  confirm: string | undefined,
): Promise<void> {
  if (consent.needs !== 'amount') {
    if (confirm === undefined) return
    throw new CaravanError({
      code: 'usage',
      message: `${operation.name} moves no money, so there is no amount to confirm`,
      hint: 'Leave "confirm" out.',
    })
  }
  const { amountText, isAmount, notConfirmed } = await import('../../app/call.ts')
  const { amount } = consent
  if (confirm === undefined) {
    throw new CaravanError({
      code: 'consent_missing',
      message: `${operation.name} moves ${amountText(amount)}, and this amount was not confirmed; nothing was sent`,
      hint: `Say the amount: "confirm": "${amountText(amount)}"`,
    })
  }
  if (isAmount(confirm, amount)) return
  const { message } = notConfirmed(operation.name, amount)
  throw new CaravanError({
    code: 'consent_missing',
    message,
    hint: `Look at the amount again. If it is meant: "confirm": "${amountText(amount)}"`,
  })
}
