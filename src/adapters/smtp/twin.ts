/** A mail server for one user, and the mailboxes behind it. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { defineTwin, type Fault, type TwinLine } from '../../core/twin.ts'
import { readMail } from './twin-mail.ts'

const Options = z.object({
  recipients: z.coerce.number().int().min(1).max(50).default(1).meta({
    description: 'How many addresses the config names',
  }),
  refused: z.coerce.number().int().min(0).max(50).default(0).meta({
    description: 'How many more it names that the server does not know',
  }),
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Messages taken in any minute; 0 for no limit',
  }),
})
type Options = z.output<typeof Options>

const account = { user: 'caravan', password: 'twin-mail-password', from: 'caravan@shop.example' }

const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${name}${at === 0 ? '' : at + 1}@shop.example`)

export const smtpTwin = defineTwin({
  options: Options,
  scheme: 'smtp',
  config(url, { recipients, refused }) {
    const { hostname, port, protocol } = new URL(url)
    const isTls = protocol === 'smtps:' || protocol === 'https:'
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (isTls ? 465 : 587),
      secure: isTls,
      ...account,
      to: [...named('ops', recipients), ...named('nobody', refused)],
    }
  },
  create: createTwin,
})

/** What a step of the conversation answers instead of going on; null: it goes on. */
type Refusal = Error & { responseCode: number }
const refusal = (responseCode: number, text: string): Refusal =>
  Object.assign(new Error(text), { responseCode })

const replies: Partial<Record<Fault, () => Refusal>> = {
  'rate-limited': () => refusal(452, '4.5.3 Too many messages'),
  'error-500': () => refusal(451, '4.3.0 Local error in processing'),
  'business-error': () => refusal(554, '5.7.1 Message rejected as spam'),
  'expired-token': () => refusal(535, '5.7.8 Authentication credentials invalid'),
}

const nonsense: Partial<Record<Fault, string>> = {
  garbage: '{"data": [{"a": \u0000\u0007 tr\r\n',
  html: '<!doctype html><html><body>Back soon</body></html>\r\n',
}

const atLogin = (fault: Fault): boolean => !isLast(fault)
const atGreeting = (fault: Fault): boolean => atLogin(fault) && !replies[fault]
/** Played when the message has been taken. */
const isLast = (fault: Fault): boolean =>
  fault === 'act-then-timeout' || fault === 'act-then-reset' || fault === 'reset-in-body'
const atMail = (fault: Fault): boolean => atLogin(fault) && fault !== 'expired-token'

function createTwin({ per_minute }: Options, clock: Clock): AlertTwin {
  const people = createChat(per_minute, clock)
  const counts = { messages: 0, deliveries: 0, logins: 0, refused: 0 }
  const lines = new Map<string, TwinLine>()
  let connections = 0

  /** Plays a fault of this step. False: the connection is gone. */
  async function play(line: TwinLine, step: string, playable: (fault: Fault) => boolean) {
    const played = line.fault(step, playable)
    if (!played) return true
    const { fault, delayMs } = played
    const reply = replies[fault]?.()
    if (reply) {
      counts.refused++
      throw reply
    }
    if (fault === 'latency' || fault === 'timeout' || fault === 'act-then-timeout') {
      await clock.sleep(delayMs)
    }
    if (fault === 'latency') return true
    const words = nonsense[fault] ?? (fault === 'reset-in-body' ? '250 2.' : undefined)
    if (words !== undefined) await new Promise((resolve) => line.socket.write(words, resolve))
    // Whoever is asked to go away waits a moment, so that what was said arrives first.
    if (nonsense[fault]) line.socket.end()
    else if (fault === 'timeout' || fault === 'act-then-timeout') line.socket.destroy()
    else line.socket.resetAndDestroy()
    return false
  }

  type Answer = (error?: Error | null) => void
  /** A step of smtp-server: it answers with the fault, with what `go` refuses, or goes on. */
  const step =
    (name: string, playable: (fault: Fault) => boolean) =>
    async (session: { id: string }, answer: Answer, go: () => Refusal | undefined) => {
      const line = lines.get(session.id)
      if (!line) return answer(refusal(421, '4.3.2 Closing'))
      try {
        if (!(await play(line, name, playable))) return
        const refused = go()
        if (refused) counts.refused++
        answer(refused)
      } catch (error) {
        answer(error as Error)
      }
    }

  async function makeServer() {
    const { SMTPServer } = await import('smtp-server')
    const [auth, mail, rcpt] = [step('auth', atLogin), step('mail', atMail), step('rcpt', atMail)]
    const [data, end] = [step('data', atMail), step('data', isLast)]
    return new SMTPServer({
      logger: false,
      disabledCommands: ['STARTTLS'], // a certificate that nobody trusts would prove nothing
      disableReverseLookup: true,
      onAuth(given, session, answer) {
        const isRight = given.username === account.user && given.password === account.password
        auth(
          session,
          (error) => answer(error, error ? undefined : { user: account.user }),
          () => {
            if (!isRight) return refusal(535, '5.7.8 Authentication credentials invalid')
            counts.logins++
            return undefined
          },
        )
      },
      onMailFrom: ({ address }, session, answer) =>
        mail(session, answer, () =>
          address === account.from ? undefined : refusal(553, '5.7.1 Sender address rejected'),
        ),
      onRcptTo: ({ address }, session, answer) =>
        rcpt(session, answer, () =>
          address.startsWith('nobody') ? refusal(550, '5.1.1 User unknown') : undefined,
        ),
      onData(stream, session, answer) {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () =>
          data(
            session,
            (error) => (error ? answer(error) : take()),
            () => undefined,
          ),
        )
        function take(): void {
          if (!people.mayPass()) return answer(replies['rate-limited']?.())
          counts.messages++
          counts.deliveries += session.envelope.rcptTo.length
          people.post(readMail(Buffer.concat(chunks)))
          end(session, answer, () => undefined)
        }
      },
    })
  }
  let server: ReturnType<typeof makeServer> | undefined

  return {
    // Its control address is asked for nothing else.
    handle: () => ({ status: 404, text: 'this twin speaks SMTP' }),
    async converse(line) {
      server ??= makeServer()
      const ready = await server
      const goesOn = await play(line, 'greeting', atGreeting)
      if (!goesOn || line.socket.destroyed) return
      const id = `line-${++connections}`
      lines.set(id, line)
      line.socket.once('close', () => lines.delete(id))
      ready.connect(line.socket, { id })
    },
    stats: () => ({ ...counts, connections }),
    posted: people.posted,
  }
}
