/** `caravan call`: one operation asked of whoever serves it, as a person or a script asks it. */
import { changed, exitOf, failureKinds, IntegrationError, messageOf } from '../core/errors.ts'
import type { Exit } from '../core/exit-codes.ts'
import type { Step as CallStep } from '../calls/steps.ts'
import type { CallAnswer, CallRehearsal } from './answers/call.ts'
import type { App } from './app.ts'
import { askOperation, type Asked, enqueueOperation } from './call/ask.ts'
import { checkInput } from './call/check-input.ts'
import { type Consent, consentFor } from './call/consent.ts'
import { inputNode, keysOf } from './call/input-schema.ts'
import { listOperations, type NamedOperation, operationNamed } from './call/operation.ts'
import { readWords, type Typed } from './call/read-words.ts'
import { withRows } from './call/failure-rows.ts'
import { routeOf } from './route.ts'

export type { CallAnswer, CallRehearsal, Consent }
export type { Step as CallStep } from '../calls/steps.ts'
export { amountText, isAmount, notConfirmed } from './call/consent.ts'
export { rehearseCall } from './call/rehearse.ts'

/** A call that has been read and found in order. */
export type PreparedCall = {
  operation: NamedOperation
  /** As it was given. */
  input: unknown
  /** As the operation reads it. */
  checked: unknown
  consent: Consent
}

/** Reads and checks what was typed, without a project. Throws `usage` with all faults at once. */
export async function prepareCall(name: string, typed: Typed): Promise<PreparedCall> {
  const operation = operationNamed(name)
  const { input, faults } = await readWords(operation, typed)
  const checked = checkInput(operation, input, { faults, code: 'usage' })
  return { operation, input, checked, consent: consentFor(operation, checked) }
}

/** The same of what came as data. Throws `input_invalid` with all faults at once. */
export function prepareInput(name: string, input: unknown): PreparedCall {
  const operation = operationNamed(name)
  const checked = checkInput(operation, input)
  return { operation, input, checked, consent: consentFor(operation, checked) }
}

/** The keys that an operation takes; none for one that there is not. */
export const inputsOf = (name: string): string[] =>
  listOperations()
    .filter((each) => each.name === name)
    .flatMap(({ shape }) => keysOf(inputNode(shape.input)))

export type CallWish = {
  service?: string
  queue?: boolean
  idempotencyKey?: string
  /** Of what caused the call, where there is more than the call itself. */
  correlationId?: string
  /** Told of what happens while the call goes on, in words that are not redacted. */
  onStep?(step: CallStep): void
}

/** Throws what `routeOf` throws when nobody could be asked. */
export async function requireRoute(
  app: App,
  { operation }: PreparedCall,
  { service }: CallWish,
): Promise<void> {
  await routeOf(app, operation.kind.id, { service, operation: operation.operation })
}

/** Of a call that was made. */
export type MadeAnswer = CallAnswer & { id: string }

export type CallReport = { answer: MadeAnswer; exit: Exit; error: unknown }

/**
 * Asks, or queues. A call that failed is in the report, with its error; thrown is only what kept it from being made.
 * Consent is the caller's matter.
 */
export async function makeCall(
  app: App,
  { operation, input }: PreparedCall,
  { service, queue, idempotencyKey, correlationId, onStep }: CallWish,
): Promise<CallReport> {
  const { signal } = app
  const request = { input, service, idempotencyKey, correlationId, onStep, signal }
  try {
    const asked = await (queue ? enqueueOperation : askOperation)(app, operation, request)
    return { answer: answerOf(operation, asked), exit: exits[asked.outcome], error: undefined }
  } catch (error) {
    if (!(error instanceof IntegrationError) || !error.callId) throw error
    const told = withAdvice(error, operation)
    const exit = exitOf(told)
    return { answer: failedAnswer(operation, told, error.callId), exit, error: withRows(told) }
  }
}

const exits = { done: 'done', partial: 'partial', accepted: 'unsettled' } as const

function answerOf({ name }: NamedOperation, asked: Asked): MadeAnswer {
  return {
    ...(asked.items && { items: asked.items }),
    id: asked.id,
    operation: name,
    outcome: asked.outcome,
    service: asked.service,
    output: asked.output ?? null,
    age_ms: asked.ageMs === null ? null : Math.round(asked.ageMs),
    stale: asked.isStale,
    repeated: asked.repeated ?? null,
    error: asked.reason ? reasonOf(asked.reason) : null,
  }
}

/** Why an accepted call was not sent at once. */
const reasonOf = ({ kind, code, message, hint }: NonNullable<Asked['reason']>) => ({
  kind: failureKinds.find((one) => one === kind) ?? null,
  code,
  message,
  hint,
})

function failedAnswer(
  { name, shape }: NamedOperation,
  error: IntegrationError,
  id: string,
): MadeAnswer {
  const isUnknown = shape.effect !== 'read' && error.outcome === 'unknown'
  return {
    id,
    operation: name,
    outcome: isUnknown ? 'unknown' : 'failed',
    service: error.service ?? null,
    output: null,
    age_ms: null,
    stale: false,
    repeated: null,
    error: {
      kind: error.kind,
      code: error.code ?? null,
      message: messageOf(error),
      hint: error.hint ?? null,
    },
  }
}

/** Of a call that was not made, for what was wrong on our side. */
export function unmadeAnswer(name: string, error: Error): CallAnswer {
  const { code, hint } = error as { code?: unknown; hint?: unknown }
  return {
    id: null,
    operation: name,
    outcome: 'failed',
    service: null,
    output: null,
    age_ms: null,
    stale: false,
    repeated: null,
    error: {
      kind: error instanceof IntegrationError ? error.kind : null,
      code: typeof code === 'string' ? code : null,
      message: messageOf(error),
      hint: typeof hint === 'string' ? hint : null,
    },
  }
}

/** Nobody knows whether it was done: the natural next step, to call again, is the one that may do it twice. */
function withAdvice(error: IntegrationError, { shape }: NamedOperation): IntegrationError {
  if (shape.effect === 'read' || error.outcome !== 'unknown') return error
  const advice =
    'It may have been done. Do not just call again: find out what became of it, then say so with ' +
    `"caravan queue settle ${error.callId} --sent" or --not-sent; without either the vendor is asked.`
  return changed(error, { hint: [error.hint, advice].filter(Boolean).join('\n') })
}
