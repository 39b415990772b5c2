/** Alerts by mail. RFC 5321; https://nodemailer.com/smtp */
import { defineAdapter } from '../../core/adapter.ts'
import { type AlertResult, alert } from '../../core/kinds/alert.ts'
import { checkConfig, endpointOf, SmtpConfig, warnConfig } from './config.ts'
import { toRow } from './failures.ts'
import { toBytes, toMail } from './message.ts'
import { type Receipt, withLine } from './transport.ts'
import { smtpTwin } from './twin.ts'

export const smtp = defineAdapter({
  id: 'smtp',
  kind: alert,
  title: 'Mail (SMTP)',
  docs: 'https://nodemailer.com/smtp',
  config: SmtpConfig,
  checkConfig,
  warnConfig,
  limits: { timeoutMs: 30_000, concurrent: 2 },
  http: { baseUrl: endpointOf },
  operations: {
    notify: {
      // A mail cannot be taken back and has no key. What failed before the message left is repeated all the same, for
      // then it was not done; after that a fixed Message-ID lets servers drop a copy, but none has promised to.
      repeat: 'once',
      async run(context, asked) {
        const { config, clock, idempotencyKey } = context
        const mail = toMail(asked, config, idempotencyKey, clock.now())
        const bytes = await toBytes(mail, config)
        return toResult(await withLine(context, ({ send }) => send(bytes)), mail.messageId)
      },
    },
  },
  async check(context) {
    const { host, user } = context.config
    await withLine(context, async () => undefined)
    return user === undefined ? `${host} answers` : `${host} accepts the login`
  },
  twin: smtpTwin,
})

/** `accepted`: the server has taken it; whether it reaches the mailbox, it does not say. */
export function toResult(receipt: Receipt, messageId: string): AlertResult {
  const { accepted, rejected, rejectedErrors = [] } = receipt
  const failed = rejected.map((to) => {
    const refusal = rejectedErrors.find(({ recipient }) => recipient === to)
    const { error, code } = toRow({ recipient: to, ...refusal })
    return { to, status: 'failed' as const, error: refusal ? `${code} ${error}` : 'refused' }
  })
  return {
    status: 'accepted',
    partial: failed.length > 0,
    messageId,
    cut: false,
    recipients: [...accepted.map((to) => ({ to, status: 'accepted' as const })), ...failed],
  }
}
