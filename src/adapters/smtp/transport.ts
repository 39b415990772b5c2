/** One connection to a mail server, from its greeting to its end. nodemailer speaks, and is loaded when it has to. */
import { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Context, SessionLimits } from '../../core/adapter.ts'
import { IntegrationError } from '../../core/errors.ts'
import { endpointOf, needsStartTls, type SmtpConfig } from './config.ts'
import { type Progress, readFailure, type Refusal } from './failures.ts'

/** What the server said of a mail; the part of nodemailer's answer that we read. */
export type Receipt = {
  accepted: string[]
  rejected: string[]
  /** The reply to the message, such as `250 2.0.0 Ok`. */
  response?: string
  rejectedErrors?: Refusal[]
}

export type Line = {
  /** Hands over one mail. Throws what `readFailure` reads when no recipient was taken. */
  send(bytes: Buffer): Promise<Receipt>
}

type Caller = Pick<Context<SmtpConfig>, 'config' | 'session'>

/** Connects, secures the connection, logs in, and talks. Whatever goes wrong is our own error, with its outcome. */
export async function withLine<T>(
  { config, session }: Caller,
  talk: (line: Line) => Promise<T>,
): Promise<T> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection')
  return session({ method: 'SMTP', endpoint: endpointOf(config) }, async (limits) => {
    const connection = new Connection(optionsOf(config, limits))
    const progress: Progress = { isSent: false, explain: limits.explain }
    const step = stepper(connection, limits.signal)
    let socket: SMTPConnection['_socket'] = false
    try {
      await step<void>((done) => connection.connect(done))
      socket = connection._socket
      await logIn(connection, config, step)
      return await talk({
        async send(bytes) {
          const receipt = await step<Receipt>((done) =>
            send(connection, config, bytes, progress, done),
          )
          limits.replied(Number.parseInt(receipt.response ?? '', 10) || 250)
          return receipt
        },
      })
    } catch (error) {
      const { responseCode } = error as { responseCode?: number }
      if (responseCode) limits.replied(responseCode)
      throw readFailure(error, progress)
    } finally {
      if (socket) limits.count({ sent: socket.bytesWritten, received: socket.bytesRead })
      leave(connection)
    }
  })
}

/** The library's own limits are minutes; ours is the deadline of the session, and these are behind it. */
const optionsOf = (config: SmtpConfig, { timeoutMs }: SessionLimits) => ({
  host: config.host,
  port: config.port,
  secure: config.secure,
  requireTLS: needsStartTls(config),
  ignoreTLS: !needsStartTls(config),
  connectionTimeout: timeoutMs,
  greetingTimeout: timeoutMs,
  socketTimeout: timeoutMs,
  dnsTimeout: timeoutMs,
  logger: false,
})

type Done<T> = (error?: Error | null, value?: T) => void
type Step = <T>(begin: (done: Done<T>) => void) => Promise<T>

/** Each step ends by its own answer, by a fault of the connection, or because time is up. */
function stepper(connection: SMTPConnection, signal: AbortSignal): Step {
  const broken = new Promise<never>((_, reject) => {
    connection.on('error', reject)
    if (signal.aborted) reject(stopped())
    signal.addEventListener('abort', () => reject(stopped()), { once: true })
  })
  broken.catch(() => undefined)
  return <T>(begin: (done: Done<T>) => void) =>
    Promise.race([
      broken,
      new Promise<T>((resolve, reject) => {
        begin((error, value) => (error ? reject(error) : resolve(value as T)))
      }),
    ])
}

/** What the session makes of it is told instead; only the outcome is read from it. */
const stopped = (): Error => Object.assign(new Error('stopped'), { timeoutType: 'stopped' })

async function logIn(connection: SMTPConnection, config: SmtpConfig, step: Step): Promise<void> {
  const { user, password } = config
  if (user === undefined || password === undefined) return
  if (!connection.allowsAuth) {
    throw new IntegrationError({
      kind: 'config',
      message: 'the server offers no login on this connection',
      hint: 'Take out user and password, or check port and secure.',
    })
  }
  await step((done) => connection.login({ user, pass: password.reveal() }, done))
}

function send(
  connection: SMTPConnection,
  { from, to }: SmtpConfig,
  bytes: Buffer,
  progress: Progress,
  done: Done<Receipt>,
): void {
  // Read for the first time when the server has answered DATA with "go ahead", not before.
  const body = new Readable({
    read() {
      progress.isSent = true
      this.push(bytes)
      this.push(null)
    },
  })
  connection.send({ from, to, size: bytes.byteLength }, body, done)
}

/** Says goodbye and does not wait for an answer. */
function leave(connection: SMTPConnection): void {
  connection.on('error', () => undefined)
  if (!connection.destroyed) connection.quit()
  connection.close()
}
