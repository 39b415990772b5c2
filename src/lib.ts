/** Caravan for other programs: `import { openCaravan } from 'caravan'`. It never prints, asks or ends the process. */
import type { App } from './app/app.ts'
import type { AskRequest } from './app/call/ask.ts'
import { CaravanError, IntegrationError } from './core/errors.ts'
import type {
  CallOptions,
  CallResult,
  CallState,
  Caravan,
  InputOf,
  OpenOptions,
  OperationName,
} from './lib-types.ts'

export { CaravanError, IntegrationError }
export type * from './lib-types.ts'

/** Opens the project. Rejects with a `CaravanError` when its config or its state cannot be used. */
export async function openCaravan(options: OpenOptions = {}): Promise<Caravan> {
  const { openApp } = await import('./app/app.ts')
  const { systemClock } = await import('./core/clock.ts')
  const { config, env = process.env, cwd = process.cwd(), onWarning } = options
  const signal = options.signal ?? new AbortController().signal
  const app = openApp({
    configFlag: config,
    command: 'openCaravan',
    env,
    cwd,
    clock: systemClock,
    signal,
    onWarning: (text) => onWarning?.(text),
  })
  try {
    await app.config()
    await app.state()
  } catch (error) {
    await app.close()
    throw inOurWords(error)
  }
  return serve(app)
}

/** A program has no flags to give. */
function inOurWords(error: unknown): unknown {
  if (!(error instanceof CaravanError) || !error.hint?.includes('--config')) return error
  const { code, message, see, cause } = error
  const hint = error.hint.replace('with --config', "with openCaravan({ config: '…' })")
  return new CaravanError({ code, message, hint, see, cause })
}

function serve(app: App): Caravan {
  const underWay = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  /** What is under way is waited for before the state is closed. */
  async function during<T>(work: () => Promise<T>): Promise<T> {
    if (closing) throw new CaravanError({ code: 'usage', message: 'this caravan is closed' })
    const doing = work()
    underWay.add(doing)
    try {
      return await doing
    } finally {
      underWay.delete(doing)
    }
  }
  async function end(): Promise<void> {
    await Promise.allSettled(underWay)
    await app.close()
  }
  const close = (): Promise<void> => (closing ??= end())
  return {
    call: (name, input, options = {}) => during(() => call(app, name, input, options)),
    enqueue: (name, input, options = {}) => during(() => enqueue(app, name, input, options)),
    result: (id, options = {}) => during(() => result(app, id, options)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function call<Name extends OperationName>(
  app: App,
  name: Name,
  input: InputOf<Name>,
  options: CallOptions,
): Promise<CallResult<Name>> {
  const { askOperation } = await import('./app/call/ask.ts')
  const { operation, request } = await requestOf(app, name, input, options)
  const {
    items = [],
    reason,
    repeated = null,
    ...asked
  } = await askOperation(app, operation, request)
  const { errorOf } = await import('./app/call-result.ts')
  const why = reason ? errorOf(reason) : null
  return { ...asked, items, repeated, reason: why } as CallResult<Name>
}

async function enqueue<Name extends OperationName>(
  app: App,
  name: Name,
  input: InputOf<Name>,
  options: CallOptions,
): Promise<{ id: string; repeated: CallResult['repeated'] }> {
  const { enqueueOperation } = await import('./app/call/ask.ts')
  const { operation, request } = await requestOf(app, name, input, options)
  const { id, repeated = null } = await enqueueOperation(app, operation, request)
  return { id, repeated }
}

async function result(app: App, id: string, { waitMs }: { waitMs?: number }): Promise<CallState> {
  const { resultOf } = await import('./app/call-result.ts')
  await app.flushLog()
  const known = await resultOf(app, id, { waitMs })
  const { created_at, finished_at, next_at, deadline_at, ...rest } = known
  return {
    ...rest,
    createdAt: created_at,
    finishedAt: finished_at,
    nextAt: next_at,
    deadlineAt: deadline_at,
  }
}

/** Checks name, input and consent, as the program does. Whoever writes a call into a program has agreed to it. */
async function requestOf(app: App, name: string, input: unknown, options: CallOptions) {
  const { operationNamed } = await import('./app/call/operation.ts')
  const { checkInput } = await import('./app/call/check-input.ts')
  const { requireConfirmed } = await import('./app/call/consent.ts')
  const operation = operationNamed(name)
  requireConfirmed(operation, checkInput(operation, input), options.confirm)
  const { service, idempotencyKey, correlationId, signal } = options
  const both = signal ? AbortSignal.any([app.signal, signal]) : app.signal
  const request: AskRequest = { input, service, idempotencyKey, correlationId, signal: both }
  return { operation, request }
}
