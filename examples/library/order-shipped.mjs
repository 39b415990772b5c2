/**
 * Tells a customer by text message that an order is on its way.
 *
 *     node order-shipped.mjs +8618501234444 4711
 */
import { CaravanError, IntegrationError, openCaravan } from 'caravan'

const [to, order] = process.argv.slice(2)
let caravan
try {
  caravan = await openCaravan()
  const result = await caravan.call(
    'sms.send',
    { to, text: `Your order ${order} is on its way` },
    // However often this program is started for this order: the message goes out once.
    { idempotencyKey: `order-${order}-shipped` },
  )
  if (result.outcome === 'accepted') {
    console.log(`no service could take it now; it is queued as ${result.id}`)
  } else {
    for (const { to: number, status } of result.output.recipients) {
      console.log(`${number}: ${status}, by ${result.service}`)
    }
  }
} catch (error) {
  if (error instanceof IntegrationError) {
    const { kind, outcome, callId } = error
    console.error(`${error.message} (${kind}); call ${callId}`)
    // Nobody knows whether it was sent: a person looks, the program does not call again.
    process.exitCode = outcome === 'unknown' ? 6 : 1
  } else if (error instanceof CaravanError) {
    console.error(`${error.message} (${error.code}) ${error.hint ?? ''}`)
    process.exitCode = 2
  } else {
    throw error
  }
} finally {
  await caravan?.close()
}
