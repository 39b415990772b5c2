import { Secret } from '../core/secret.ts'
import { maskByName } from './mask.ts'
import { formsOf } from './secret-forms.ts'

/** Takes secrets out of what is about to be kept or shown. */
export type Redactor = {
  /** A text with every known secret value replaced by `***`. */
  text(text: string): string
  /** A value as JSON: secret fields by name, personal data masked, secret values replaced; cut at 16 384 characters. */
  json(value: unknown): string
  /** The beginning of what a vendor answered: as JSON where it is JSON, else as text. `length` in characters. */
  excerpt(answer: string, length: number): string
  /** Adds a secret that was not known before, such as a token that was fetched. */
  learn(secret: string): void
}

/** What is kept of a request or a response, in characters. */
const maxLength = 16_384

/** A secret shorter than this would blank out half of every text; redaction by name covers it. */
const minSecretLength = 4

/** Tokens change all the time; the oldest are forgotten. */
const maxLearned = 50

/** Knows the secret values of one service, in the forms they take on the wire. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const given = secrets.filter((value) => value.length >= minSecretLength)
  const learned = new Set<string>()
  let { pattern, longest } = patternOf(given)

  const text = (raw: string) => (pattern ? raw.replace(pattern, '***') : raw)
  /** What is cut off may have held the end of a secret, so the last stretch that could be its beginning goes too. */
  const cut = (raw: string, length: number): string => {
    if (raw.length <= length) return text(raw)
    const piece = text(raw.slice(0, length + longest))
    const safe = raw.length > length + longest ? piece.slice(0, piece.length - longest) : piece
    return `${safe.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`
  }
  return {
    text,
    json: (value) => cut(stringify(value), maxLength),
    excerpt(answer, length) {
      const json = parse(answer)
      return cut(json === undefined ? answer : stringify(json), length)
    },
    learn(secret) {
      if (secret.length < minSecretLength || learned.has(secret)) return
      if (learned.size >= maxLearned) learned.delete([...learned][0] ?? '')
      learned.add(secret)
      ;({ pattern, longest } = patternOf([...given, ...learned]))
    },
  }
}

/** Knows the secrets of every service that was asked. */
export function redactorOf({ asked }: { asked: readonly { redactor: Redactor }[] }): Redactor {
  const [first, ...others] = asked.map(({ redactor }) => redactor)
  if (!first) return secretless
  if (others.length === 0) return first
  const rest = (raw: string) => others.reduce((known, { text }) => text(known), raw)
  return {
    text: (raw) => rest(first.text(raw)),
    json: (value) => rest(first.json(value)),
    excerpt: (answer, length) => rest(first.excerpt(answer, length)),
    learn: first.learn,
  }
}

/** Every secret value in a config, however deep. */
export function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(secretsIn)
}

function patternOf(secrets: readonly string[]): { pattern: RegExp | null; longest: number } {
  const forms = [...new Set(secrets.flatMap(formsOf))].filter(
    (form) => form.length >= minSecretLength,
  )
  if (forms.length === 0) return { pattern: null, longest: 0 }
  const longestFirst = forms.toSorted((a, b) => b.length - a.length)
  return {
    pattern: new RegExp(longestFirst.map((form) => escape(form)).join('|'), 'g'),
    longest: longestFirst[0]?.length ?? 0,
  }
}

/** For a call that no service could be opened for. */
const secretless = createRedactor([])

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')

/** What cannot be written as JSON must not fail the call it belongs to. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, maskByName) ?? ''
  } catch {
    return '"not JSON"'
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
