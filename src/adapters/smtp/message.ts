/** An alert as a mail. */
import { inUnits } from '../../core/alert/cut.ts'
import { wordsOf } from '../../core/alert/words.ts'
import { IntegrationError } from '../../core/errors.ts'
import type { Alert } from '../../core/kinds/alert.ts'
import { plainKey } from '../../core/plain-key.ts'
import type { SmtpConfig } from './config.ts'

/** Mails may be longer than any alert. */
const room = { max: 1_000_000, sizeOf: inUnits }

export type Mail = { subject: string; text: string; messageId: string; date: Date }

/**
 * The id is that of the call, so that a repetition has the same and a server that looks at it may drop it. Returned
 * without brackets.
 */
export function toMail(alert: Alert, config: SmtpConfig, key: string, date: Date): Mail {
  const { head, body } = wordsOf(alert, room)
  const domain = config.from.slice(config.from.lastIndexOf('@') + 1)
  return { subject: head, text: body, messageId: `${plainKey(key)}@${domain}`, date }
}

/** The bytes of a mail. Throws `rejected` for a subject of two lines, which would be a header of its own. */
export async function toBytes(mail: Mail, config: SmtpConfig): Promise<Buffer> {
  const { subject, text, messageId, date } = mail
  if (/[\r\n]/.test(subject)) {
    throw new IntegrationError({ kind: 'rejected', message: 'the subject holds a line break' })
  }
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  return new MailComposer({
    from: { name: config.from_name ?? '', address: config.from },
    to: config.to.map((address) => ({ name: '', address })),
    subject,
    text,
    textEncoding: 'quoted-printable',
    messageId: `<${messageId}>`,
    date,
    headers: { 'Auto-Submitted': 'auto-generated' }, // keeps holiday replies away; RFC 3834
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build()
}
