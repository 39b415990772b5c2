import { z } from 'zod'
import { secret } from '../../core/secret.ts'
import { bareText, isBare, surrounded } from '../../core/secret-form.ts'
import { isLoopback } from '../../core/service-url.ts'

/** One address and nothing else: a line break in it would begin another command. */
const address = () =>
  bareText().regex(
    /^[^\s\p{Cc}<>@"(),:;\\[\]]+@[^\s\p{Cc}<>@"(),:;\\[\]]+$/u,
    'must be one address, such as ops@example.com',
  )

const maxRecipients = 50

export const SmtpConfig = z.object({
  host: bareText()
    .regex(/^[\p{L}\p{N}.:_-]+$/u, 'must be a host name, without smtp:// and without a port')
    .meta({ description: 'Mail server', example: 'smtp.example.com' }),
  port: z.int().min(1).max(65_535).default(587).meta({
    description: '587 begins in clear and turns to TLS; 465 is TLS from the first byte',
  }),
  secure: z.boolean().default(false).meta({
    description:
      'TLS from the first byte, as on port 465; otherwise the server has to offer STARTTLS',
  }),
  user: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'User name, where the server asks for one' }),
  password: secret('Password of the user').optional(),
  from: address().meta({ description: 'Sender of the alerts', example: 'caravan@example.com' }),
  from_name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\p{Cc}]*$/u, 'must be one line')
    .optional()
    .meta({ description: 'Name shown beside the sender', example: 'Caravan' }),
  to: z
    .array(address())
    .min(1)
    .max(maxRecipients)
    .meta({ description: 'Who gets the alerts', example: ['ops@example.com'] }),
})
export type SmtpConfig = z.output<typeof SmtpConfig>

export function checkConfig({ user, password }: SmtpConfig) {
  if ((user === undefined) === (password === undefined)) return []
  const field = user === undefined ? 'user' : 'password'
  return [{ field, message: 'is needed too: user and password belong together' }]
}

export function warnConfig({ port, secure, user, password }: SmtpConfig) {
  const warnings: [string, boolean, string][] = [
    ['secure', port === 465 && !secure, 'should be true: port 465 expects TLS from the first byte'],
    [
      'secure',
      secure && (port === 587 || port === 25),
      `should be false: port ${port} begins in clear text`,
    ],
    // A person chose them, so a blank may be meant.
    ['user', !isBare(user ?? ''), surrounded],
    ['password', !isBare(password?.reveal() ?? ''), surrounded],
  ]
  return warnings.filter(([, is]) => is).map(([field, , message]) => ({ field, message }))
}

/** `smtp://smtp.example.com:587`, or `smtps://` where TLS comes first. */
export function endpointOf({ host, port, secure }: SmtpConfig): string {
  const name = host.includes(':') ? `[${host}]` : host
  return `${secure ? 'smtps' : 'smtp'}://${name}:${port}`
}

/** Nothing leaves this machine in clear text. */
export const needsStartTls = ({ host, secure }: SmtpConfig): boolean => !secure && !isLoopback(host)
