/** What the answers of Haier and YLH mean. Section 2.6; what is not listed is classified by the http layer. */
import { IntegrationError, type FailureKind } from '../../core/errors.ts'
import type { HttpReply } from '../../core/http.ts'
import { type Envelope, messageIn, readEnvelope } from './envelope.ts'

type Meaning = { status: number; kind: FailureKind; says: string; hint?: string }

const meanings: Meaning[] = [
  { status: 400, kind: 'rejected', says: 'the vendor refused the parameters' },
  {
    status: 401,
    kind: 'auth',
    says: 'the token was not accepted',
    hint: 'Check the client id and secret, and auth_scheme: some gateways want the bare token.',
  },
  {
    status: 403,
    kind: 'auth',
    says: 'access was denied',
    hint: 'Either the account lacks the permission, or this machine’s address is not on the vendor’s IP allow-list. Ask the vendor which.',
  },
  {
    status: 404,
    kind: 'config',
    says: 'the address does not exist',
    hint: 'Check environment, base_url and ylh_base_url.',
  },
]

/** Reads an answer of either system; a wrapped `success: false` is a failure even at HTTP 200. */
export function readFailure(reply: HttpReply): IntegrationError | undefined {
  const meaning = meanings.find(({ status }) => status === reply.status)
  const envelope = readEnvelope(reply.json)
  if (meaning) {
    const { kind, says, hint, status } = meaning
    const words = messageIn(reply.json)
    const message = words ? `${says}: ${words}` : `${says} (HTTP ${status})`
    return new IntegrationError({ kind, hint, status, code: envelope?.code, message })
  }
  if (reply.status >= 300 || !envelope?.isFailure) return undefined
  return rejection(envelope, reply.status)
}

const passwordWords = /密码|pass_?word/i
const passwordHint = 'Check password, customer_password and seller_password.'

/** A business failure in the vendor's own words. */
export function rejection({ message, code }: Envelope, status = 200): IntegrationError {
  const isAboutPassword = passwordWords.test(`${code} ${message}`)
  return new IntegrationError({
    // A wrong account password comes as a business failure; said often, it would lock the account.
    ...(isAboutPassword ? { kind: 'auth', hint: passwordHint } : { kind: 'rejected' }),
    message: message ?? 'the vendor reported a failure without a message',
    code,
    status,
  })
}

/**
 * How YLH says that a soId was pushed before. The document promises the rejection and gives no code, so it is known
 * by its words: an order and that it is there already.
 */
const duplicateWords = [
  /(so ?id|订单|子单|order).*(重复|已存在|已推送|已接收|duplicate|already)/i,
  /(重复|duplicate).*(so ?id|订单|子单|推单|推送|order)/i,
]

export const isDuplicate = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  error.kind === 'rejected' &&
  (/duplicate|repeat/i.test(error.code ?? '') ||
    duplicateWords.some((words) => words.test(error.message)))

/** How YLH says that an order was cancelled before. */
export const isCancelledAlready = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  error.kind === 'rejected' &&
  /已(被)?取消|already cancel/i.test(error.message)
