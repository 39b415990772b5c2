/** The listener of the daemon over a real project, on a free port of this machine, in the process of the test. */
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { type App, openApp } from '../app/app.ts'
import { createToken } from '../app/tokens.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import type { Log, LogFields } from '../core/log.ts'
import { makeListenerWith } from '../daemon/listener/part.ts'
import type { ListenOptions } from '../daemon/listener/listener.ts'
import type { DaemonContext, Part } from '../daemon/part.ts'
import { enterDaemon, latestDaemon } from '../store/daemons.ts'
import type { Project } from './program.ts'

export type LogLine = { level: 'debug' | 'info' | 'warn' | 'error'; message: string } & LogFields

export type TestListener = {
  /** `http://127.0.0.1:4321`. */
  url(): Promise<string>
  port(): Promise<number>
  app: App
  context: DaemonContext
  part: Part
  /** Everything it logged. */
  lines: LogLine[]
  /** A token with these scopes, as `caravan token create` prints it. */
  token(scope: string, expires?: string): Promise<string>
  /** `json` is undefined when the answer is none, whatever its type says. */
  ask<Json = Record<string, unknown>>(path: string, options?: AskOptions): Promise<Answer<Json>>
  /** Changes integrations.yaml, and puts it in force. */
  change(what: RegExp, text: string): Promise<void>
  stop(): Promise<void>
}

export type AskOptions = {
  method?: string
  token?: string
  json?: unknown
  body?: string | Buffer
  headers?: Record<string, string>
}

export type Answer<Json = Record<string, unknown>> = {
  status: number
  headers: Headers
  text: string
  json: Json
}

export type StartOptions = Pick<ListenOptions, 'limits' | 'timeouts'> & {
  clock?: Clock
  /** Lines added to integrations.yaml, instead of a free port on 127.0.0.1. */
  config?: string
  /** The test makes the first pass itself. */
  isHeld?: boolean
}

export async function startListener(
  { folder, read, write }: Project,
  {
    clock = systemClock,
    config = 'listen: 127.0.0.1:0\n',
    isHeld = false,
    ...options
  }: StartOptions = {},
): Promise<TestListener> {
  write('integrations.yaml', `${read('integrations.yaml')}\n${config}`)
  const stopping = new AbortController()
  const { signal } = stopping
  let app = openApp({ env: { USER: 'tester' }, cwd: folder, clock, signal })
  const { db } = await app.state()
  const lines: LogLine[] = []
  const id = newId()
  await enterDaemon(db, { id, version: '0.0.0', now: clock.now() })
  const context: DaemonContext = { app: () => app, db, clock, log: logInto(lines), id, signal }
  const part = makeListenerWith(context, options)
  let names = 0

  const address = async () => {
    const { listensAt } = (await latestDaemon(db)) ?? {}
    if (listensAt) return listensAt
    throw new Error('it does not listen')
  }
  async function ask<Json>(path: string, asked: AskOptions = {}): Promise<Answer<Json>> {
    const {
      token,
      json,
      body,
      headers = {},
      method = json === undefined && body === undefined ? 'GET' : 'POST',
    } = asked
    const reply = await fetch(`http://${await address()}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? body : JSON.stringify(json),
    })
    const text = await reply.text()
    const isJson = reply.headers.get('content-type')?.includes('json')
    return {
      status: reply.status,
      headers: reply.headers,
      text,
      json: (isJson && text ? JSON.parse(text) : undefined) as Json,
    }
  }
  const stop = async () => {
    stopping.abort()
    await part.stop?.()
  }
  onTestFinished(async () => {
    await stop()
    await app.close()
  })
  if (!isHeld) await part.pass()
  return {
    url: async () => `http://${await address()}`,
    port: async () => Number((await address()).split(':').at(-1)),
    get app() {
      return app
    },
    context,
    part,
    lines,
    async token(scope, expires) {
      names += 1
      const made = await createToken(app, `${scope.replaceAll(',', '-')}-${names}`, {
        scope,
        expires,
      })
      return made.token
    },
    ask,
    async change(what, text) {
      write('integrations.yaml', read('integrations.yaml').replace(what, text))
      app = await app.next()
    },
    stop,
  }
}

/** Sends bytes as they are, and returns all that comes back until the other side closes. */
export function sendRaw(
  port: number,
  text: string | Buffer,
  { end = false } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let back = ''
    socket.setEncoding('latin1').on('data', (part: string) => (back += part))
    socket.on('error', (error) => (back === '' ? reject(error) : resolve(back)))
    socket.on('close', () => resolve(back))
    socket.write(text)
    if (end) socket.end()
  })
}

function logInto(lines: LogLine[], fields: LogFields = {}): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, more: LogFields = {}) =>
      void lines.push({ level, message, ...fields, ...more })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => logInto(lines, { ...fields, ...more }),
  }
}
