/** Asks for the amount of a payment as `caravan call` does: no kind that is shipped moves money yet. */
import { agreeToAmount } from '../commands/call-consent.ts'
import { processIo } from '../commands/output/io.ts'
import { CaravanError } from '../core/errors.ts'

const io = processIo({ color: false, input: true, pager: false }, new AbortController().signal)
const amount = { minor: 129900, currency: 'CNY' }
try {
  await agreeToAmount(io, 'payment.refund', { needs: 'amount', amount }, process.argv[2])
  process.stdout.write('agreed\n')
} catch (error) {
  if (!(error instanceof CaravanError)) throw error
  process.stdout.write(`${error.code}: ${error.message} ${error.hint ?? ''}\n`)
}
