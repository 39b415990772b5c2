import { CaravanError, IntegrationError, messageOf, systemCode } from '../../core/errors.ts'
import type { Paint } from './colour.ts'
import { wrap } from './wrap.ts'

/** A failure as an operator reads it: what failed, why, what to do, where to look. Wrapped where it is `columns` wide. */
export function renderError(error: unknown, paint: Paint, columns = Infinity): string {
  const lines = [`  ${headline(error)}`]
  const hint = hintOf(error)
  if (hint) lines.push(...hint.split('\n').map((line) => `  ${line}`))
  const see = seeOf(error) ?? (hint ? undefined : explanationOf(error))
  if (see) lines.push(`  More: ${see}`)
  const text = lines.flatMap((line) => wrap(line, columns)).join('\n')
  return `${paint('bad', '✗')} ${text.trimStart()}\n`
}

/** No fault of ours: whatever needed one more file met it, such as the next part of the program. Else the error as it is. */
export function filesExhausted(error: unknown): unknown {
  if (error instanceof CaravanError || error instanceof IntegrationError) return error
  const isOut = /^E[MN]FILE$/.test(systemCode(error) ?? '')
  if (!isOut && !/too many open files/i.test(messageOf(error))) return error
  return new CaravanError({
    code: 'files_exhausted',
    message: 'this process may open no more files (too many open files)',
    hint: 'Allow it more: "ulimit -n 1024" before it starts, or LimitNOFILE=1024 in its systemd unit.',
    cause: error,
  })
}

function headline(error: unknown): string {
  if (error instanceof IntegrationError) {
    const who = [error.service, error.operation].filter(Boolean).join(' ')
    const what = [error.kind, error.code].filter(Boolean).join(', ')
    const end = error.outcome === 'unknown' && error.kind !== 'cancelled' ? '; outcome unknown' : ''
    return `${who && `${who}: `}${coded(error.message, `${what}${end}`)}`
  }
  if (error instanceof CaravanError) return coded(error.message, error.code)
  return coded(`caravan met a fault of its own: ${messageOf(error)}`, 'internal')
}

/** The code stands behind the first line; what follows it is a list. */
function coded(message: string, code: string): string {
  const [first = '', ...rest] = message.split('\n')
  const isLeadingOn = /[:.] *$/.test(first)
  const head = isLeadingOn ? first.replace(/[:.] *$/, '') : first
  const indent = rest[0]?.startsWith(' ') ? '' : '  '
  return [
    `${head} (${code})${rest.length > 0 ? ':' : ''}`,
    ...rest.map((line) => indent + line),
  ].join('\n')
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof IntegrationError || error instanceof CaravanError) return error.hint
  return 'Please report it with the steps that led here. --debug shows where it happened.'
}

function seeOf(error: unknown): string | undefined {
  if (error instanceof CaravanError) return error.see
  if (error instanceof IntegrationError && error.callId) return `caravan logs show ${error.callId}`
  return undefined
}

/** Where an error itself says nothing more, what its code means in general. */
const explanationOf = (error: unknown): string | undefined =>
  error instanceof CaravanError || error instanceof IntegrationError
    ? `caravan explain ${error instanceof CaravanError ? error.code : error.kind}`
    : undefined

/** The chain of causes with their stacks, for `--debug`. */
export function renderCauses(error: unknown): string {
  const parts: string[] = []
  for (let each = error; each instanceof Error && parts.length < 10; each = each.cause) {
    parts.push(each.stack ?? each.message)
  }
  return `${parts.join('\nCaused by: ')}\n`
}
