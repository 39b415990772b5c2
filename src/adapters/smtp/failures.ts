/** What replies of mail servers mean. RFC 5321, section 4.2.3; RFC 3463 for the codes with dots. */
import { changed, IntegrationError, systemCode } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'

/** A server that is full does not say for how long. RFC 5321, section 4.5.4.1, wants 30 minutes; an alert cannot wait so long. */
const pauseMs = 5 * 60_000

const policy = 'The server takes the content, or the sender, for unwanted mail. Ask who runs it.'

const meanings: Meaning[] = [
  { codes: [421], kind: 'unavailable', says: 'the server asks to come back later' },
  { codes: [452], kind: 'rate_limited', retryAfterMs: pauseMs, says: 'the server takes no more' },
  {
    codes: [530, 534, 535, 538],
    kind: 'auth',
    says: 'the login was not accepted',
    hint: 'Check user and password. Many providers want a password made for programs.',
  },
  {
    codes: [550, 552, 553, 554],
    pattern: /\b5\.7\.\d/,
    kind: 'rejected',
    says: 'refused by policy',
    hint: policy,
  },
  { codes: [552], pattern: /\b5\.2\.2\b/, kind: 'rejected', says: 'the mailbox is full' },
  { codes: [552], kind: 'rejected', says: 'the message is too large' },
  {
    codes: [550, 551, 553],
    kind: 'rejected',
    says: 'the recipient was refused',
    hint: 'Check to.',
  },
  { codes: [554], kind: 'rejected', says: 'the message was refused' },
  { prefix: '4', kind: 'unavailable', says: 'the server cannot at the moment' },
  { prefix: '5', kind: 'rejected', says: 'the server refused it' },
]

/** What a library error of nodemailer holds. */
type Said = {
  code?: string
  originalCode?: string
  responseCode?: number
  response?: string
  timeoutType?: string
  rejectedErrors?: Refusal[]
}
export type Refusal = { recipient?: string; responseCode?: number; response?: string }

/** A reply that says no: it was certainly not done. */
export function readRefusal({ responseCode = 0, response = '' }: Refusal): IntegrationError {
  return failureOf(meanings, {
    code: responseCode,
    message: response.replace(/\s+/g, ' ').trim() || undefined,
  })
}

export type Progress = {
  /** The message itself has begun to leave: without a reply, nobody knows what became of it. */
  isSent: boolean
  explain(error: unknown): IntegrationError
}

export function readFailure(error: unknown, { isSent, explain }: Progress): IntegrationError {
  if (error instanceof IntegrationError) return error
  const said = error as Said
  // STARTTLS that is refused for good says nothing about the mail.
  const isUnsecured = said.code === 'ETLS' && (said.responseCode ?? 500) >= 500
  if (said.responseCode && !isUnsecured) {
    const refusal = readRefusal(said)
    const details = said.rejectedErrors?.map(toRow)
    return details ? changed(refusal, { details }) : refusal
  }
  return changed(withoutReply(said, explain), { outcome: isSent ? 'unknown' : 'not_done' })
}

/** A row for each recipient that was refused. */
export function toRow(refusal: Refusal) {
  const { kind, code, message } = readRefusal(refusal)
  return { to: refusal.recipient ?? '', status: 'failed', kind, code, error: message }
}

function withoutReply(said: Said, explain: Progress['explain']): IntegrationError {
  const { code = '', originalCode, timeoutType } = said
  if (timeoutType) {
    const message = 'the server did not answer in time'
    return new IntegrationError({ kind: 'timeout', message })
  }
  if (originalCode) return explain(Object.assign(new Error(originalCode), { code: originalCode }))
  const known = withoutSystemCode[code]
  return known ? new IntegrationError(known) : explain(lost(said))
}

/** The server hung up without a word. */
const lost = (said: Said): Error =>
  Object.assign(new Error('closed'), {
    code: systemCodes.test(systemCode(said) ?? '') ? said.code : 'ECONNRESET',
  })

const systemCodes = /^E(AI_|CONN(REFUSED|RESET|ABORTED)|HOSTUNREACH|NETUNREACH|PIPE|NOTFOUND)/

const startTls = 'Nothing is sent in clear text. Check port and secure, or ask who runs the server.'

const withoutSystemCode: Record<string, ConstructorParameters<typeof IntegrationError>[0]> = {
  EPROTOCOL: {
    kind: 'bad_response',
    message: 'the answer is not that of a mail server',
    hint: 'Check host and port, and whether the port wants TLS from the first byte (secure).',
  },
  ETLS: { kind: 'config', message: 'the connection could not be secured', hint: startTls },
  EAUTH: {
    kind: 'auth',
    message: 'the server offers no login that is known here',
    hint: 'PLAIN, LOGIN and CRAM-MD5 are.',
  },
  EENVELOPE: { kind: 'rejected', message: 'an address cannot be sent to a mail server' },
  EMESSAGE: { kind: 'rejected', message: 'the message is larger than the server takes' },
}
