import { CaravanError, exitOf, IntegrationError, messageOf } from '../core/errors.ts'
import type { Exit } from '../core/exit-codes.ts'
import type { App } from './app.ts'
import { serviceEntry } from './service.ts'
import { listServices } from './list-services.ts'

export type TestResult = {
  service: string
  ok: boolean
  duration_ms: number
  /** What the test saw, or why it failed. */
  detail: string
  hint: string | null
  call: string | null
  exit: Exit
}

/** Tests services side by side. Named ones must exist; `all` takes what is enabled, faulty ones included. */
export async function testServices(
  app: App,
  which: readonly string[] | 'all',
): Promise<TestResult[]> {
  if (which !== 'all' && which.length === 0) {
    throw new CaravanError({
      code: 'usage',
      message: 'which service is to be tested?',
      hint: 'Name one or more, or say --all.',
    })
  }
  const names = which === 'all' ? await testable(app) : which
  const loaded = await app.usableConfig()
  const entries = (loaded.raw.services ?? {}) as object
  for (const name of names) if (!Object.hasOwn(entries, name)) serviceEntry(loaded, name)
  return Promise.all(names.map((name) => testService(app, name)))
}

async function testable(app: App): Promise<string[]> {
  const { services } = await listServices(app)
  return services.filter(({ state }) => state !== 'disabled').map(({ name }) => name)
}

async function testService(app: App, name: string): Promise<TestResult> {
  const startedMs = app.clock.monotonicMs()
  const took = () => Math.round(app.clock.monotonicMs() - startedMs)
  try {
    const service = await app.service(name)
    const { saw: detail } = await (await app.calls()).check(service, app.signal)
    return {
      service: name,
      ok: true,
      duration_ms: took(),
      detail,
      hint: null,
      call: null,
      exit: 'done',
    }
  } catch (error) {
    const told = error instanceof IntegrationError || error instanceof CaravanError
    if (!told) throw error
    return {
      service: name,
      ok: false,
      duration_ms: took(),
      detail: messageOf(error),
      hint: error.hint ?? null,
      call: error instanceof IntegrationError ? (error.callId ?? null) : null,
      exit: exitOf(error),
    }
  }
}
