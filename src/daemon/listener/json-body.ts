import { Refusal } from './faults.ts'

/** Deeper than anything we take; what walks a body afterwards may then be recursive. */
const deepest = 32

/**
 * A JSON body as data; an empty one as an empty object. Refuses what is no UTF-8, no JSON, too deep, or has a key named
 * `__proto__`. Nothing of the body is repeated in the message: it may hold a secret.
 */
export function parseBody(bytes: Buffer): unknown {
  const text = decode(bytes)
  if (text.trim() === '') return {}
  const value = parse(text)
  refuseOdd(value)
  return value
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused('is not UTF-8')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refused('is not JSON')
  }
}

/** Level by level: a million brackets are no depth for the parser, but would be one for a function that calls itself. */
function refuseOdd(value: unknown): void {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw refused(`is nested more than ${deepest} deep`)
    const groups = level.filter((each) => typeof each === 'object' && each !== null)
    if (groups.some((each) => Object.hasOwn(each, '__proto__')))
      throw refused('has a key named __proto__')
    level = groups.flatMap((each) => Object.values(each))
  }
}

const refused = (what: string): Refusal =>
  new Refusal({
    code: 'bad_request',
    message: `the body of the request ${what}`,
    hint: 'Send one JSON object.',
  })
