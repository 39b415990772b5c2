/** The log of the daemon: lines for people on a terminal, JSON for programs. */
import pino from 'pino'
import type { Clock } from '../core/clock.ts'
import { CaravanError, IntegrationError, messageOf } from '../core/errors.ts'
import type { Log, LogFields } from '../core/log.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type LogFormat = 'text' | 'json'

export type LogOptions = {
  level: LogLevel
  format: LogFormat
  clock: Clock
  /** Takes whole lines. */
  write(line: string): void
  /** How an instant is shown to people, and how words of a level are. */
  instant(at: Date): string
  paint(level: LogLevel, text: string): string
  /** Breaks a line of text where the terminal ends; left out: it is as long as it is. */
  fit?(line: string): string
}

export type DaemonLog = Log & {
  /** Known secrets are taken out of every line from now on. */
  redactWith(redact: (text: string) => string): void
}

export function createLog(options: LogOptions): DaemonLog {
  let redact = (text: string): string => text
  const write = (line: string): void => options.write(redact(line))
  const tell = options.format === 'json' ? jsonLog(options, write) : textLog(options, write)
  return Object.assign(logOf(tell, {}), {
    redactWith(by: (text: string) => string) {
      redact = by
    },
  })
}

type Tell = (level: LogLevel, message: string, fields: LogFields) => void

const logOf = (tell: Tell, always: LogFields): Log => ({
  debug: (message, fields) => tell('debug', message, { ...always, ...fields }),
  info: (message, fields) => tell('info', message, { ...always, ...fields }),
  warn: (message, fields) => tell('warn', message, { ...always, ...fields }),
  error: (message, fields) => tell('error', message, { ...always, ...fields }),
  with: (fields) => logOf(tell, { ...always, ...fields }),
})

function jsonLog({ level, clock }: LogOptions, write: (line: string) => void): Tell {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    { write },
  )
  return (at, message, { error, ...fields }) =>
    logger[at](error === undefined ? fields : { ...fields, error: errorFields(error) }, message)
}

function errorFields(error: unknown) {
  if (error instanceof CaravanError) {
    const { code, message, hint, see } = error
    return { code, message, hint, see }
  }
  if (error instanceof IntegrationError) {
    const { kind, code, message, hint, outcome, service, operation, callId } = error
    return { kind, code, message, hint, outcome, service, operation, call: callId }
  }
  return { message: messageOf(error), stack: stackOf(error) }
}

function textLog(
  { level, clock, instant, paint, fit = (line) => line }: LogOptions,
  write: (line: string) => void,
): Tell {
  const least = logLevels.indexOf(level)
  return (at, message, { error, ...fields }) => {
    if (logLevels.indexOf(at) < least) return
    const named = Object.entries(fields).filter(([, value]) => value !== undefined)
    const told = named.map(([name, value]) => `${name}=${shown(value)}`)
    const head = `${instant(clock.now())} ${paint(at, at.padEnd(5))} ${oneLine(message)}`
    const cause = error === undefined ? '' : `: ${oneLine(messageOf(error))}`
    write(`${fit([head + cause, ...told].join('  '))}\n${detailsOf(error, fit)}`)
  }
}

/** What to do, for a failure that says so; where it happened, for a fault of ours. */
function detailsOf(error: unknown, fit: (line: string) => string): string {
  if (error === undefined) return ''
  const isTold = error instanceof CaravanError || error instanceof IntegrationError
  const lines = (isTold ? error.hint : stackOf(error)?.split('\n').slice(1).join('\n')) ?? ''
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => `${fit(`    ${printable(line.trim())}`)}\n`)
    .join('')
}

/** With the causes below it. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const cause =
    error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause) ?? messageOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return /^[^\s"=]+$/.test(text) ? printable(text) : JSON.stringify(printable(text))
}

/** What is listed below a colon stands behind it. */
const oneLine = (text: string): string =>
  printable(text.replaceAll(/:\s*\n\s*/g, ': ').replaceAll(/\s*\n\s*/g, '; '))

/** What a vendor says must not drive the terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')
