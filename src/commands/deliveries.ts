import type { Delivery } from '../app/answers/hooks.ts'
import { formatInstant } from './output/time.ts'

/** A line for each message of a call; empty when it sent none. */
export const renderDeliveries = (deliveries: readonly Delivery[], isUtc: boolean): string =>
  deliveries
    .map(({ to, status, at, error, code, message_id }) => {
      const why = status === 'failed' ? (error ?? code) : null
      const when = formatInstant(at, isUtc)
      const words = [to, status, when, why].filter(Boolean).join(', ')
      return `${words} (${message_id})`
    })
    .join('\n')
