/** Tests the connection of services, side by side. */
import { createSemaphore } from '../../calls/semaphore.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { isGroup } from '../../config/tree.ts'
import { worstExit } from '../../core/causes.ts'
import { CaravanError } from '../../core/errors.ts'
import type { Exit } from '../../core/exit-codes.ts'
import { createProber } from '../../http/probe/index.ts'
import type { TestResult } from '../answers/test.ts'
import type { App } from '../app.ts'
import { readDurationFlag } from '../duration-flag.ts'
import { listServices } from '../list-services.ts'
import { type Expires, noteExpiry } from '../secret-expiry.ts'
import { serviceEntry } from '../service.ts'
import {
  deadlineOver,
  leftOut,
  type MaxEffect,
  type Run,
  type Subject,
  testService,
} from './ladder.ts'

export type { TestResult, TestRung } from '../answers/test.ts'

export type TestOptions = {
  /** Names of services, disabled ones included; `all` takes those that are enabled and shows the others as skipped. */
  which: readonly string[] | 'all'
  maxEffect?: MaxEffect
  /** The config alone: no network, and the state is not opened. */
  offline?: boolean
  /** For all of it, such as `60s`; the default. */
  deadline?: string
  /** For each rung before the credentials, such as `10s`; the default. The test of the adapter has the service's own. */
  rungDeadline?: string
  /** Told which credentials of a service end when, once for each service whose vendor says so. Default: they are kept. */
  onExpiry?(service: string, expires: Expires): Promise<void>
  onProgress?(progress: { done: number; total: number }): void
}

export type TestReport = {
  /** Path of integrations.yaml. */
  file: string
  results: TestResult[]
  exit: Exit
}

/** More would not be faster, and each holds a connection or two. */
const sideBySide = 32

/** Throws `usage`, `service_unknown`, or what keeps the config or the state from being read at all. */
export async function testServices(app: App, options: TestOptions): Promise<TestReport> {
  const { which, maxEffect = 'read', offline = false } = options
  const onExpiry = options.onExpiry ?? ((service, expires) => noteExpiry(app, service, expires))
  const deadlineMs = readDurationFlag('--deadline', options.deadline ?? '60s')
  const rungMs = readDurationFlag('--rung-deadline', options.rungDeadline ?? '10s')
  if (which !== 'all' && which.length === 0) {
    throw new CaravanError({
      code: 'usage',
      message: 'which service is to be tested?',
      hint: 'Name one or more, or say --all.',
    })
  }
  const loaded = await app.usableConfig()
  const subjects = await chooseSubjects(app, loaded, which, offline)

  const stop = new AbortController()
  const over = new AbortController()
  const stopped = () => stop.abort('stopped')
  if (app.signal.aborted) stopped()
  app.signal.addEventListener('abort', stopped, { once: true })
  app.clock.sleep(deadlineMs, over.signal).then(
    () => stop.abort(deadlineOver),
    () => undefined,
  )
  const { signal } = stop
  const prober = createProber({ clock: app.clock, env: app.env, signal, rungMs })
  const run = { app, loaded, prober, maxEffect, offline, signal }
  try {
    let done = 0
    const onDone = () => options.onProgress?.({ done: ++done, total: subjects.length })
    const results = await testAll(run, subjects, { skipsDisabled: which === 'all', stop, onDone })
    for (const { service, expires } of results) {
      const told = expires.map(({ field, at }) => ({ field, at: new Date(at) }))
      if (told.length > 0) await onExpiry(service, told)
    }
    const found = results.map(({ cause }) => cause).filter((cause) => cause !== null)
    return { file: loaded.file, results, exit: worstExit(found) }
  } finally {
    over.abort('over')
    app.signal.removeEventListener('abort', stopped)
  }
}

type Testing = {
  skipsDisabled: boolean
  stop: AbortController
  onDone(): void
}

/** A fault of the state concerns all: the others are stopped, waited for, and it is thrown. */
async function testAll(
  run: Run,
  subjects: readonly Subject[],
  { skipsDisabled, stop, onDone }: Testing,
): Promise<TestResult[]> {
  const places = createSemaphore(sideBySide)
  const tests = subjects.map(async (subject) => {
    if (skipsDisabled && subject.disabled !== null) {
      return leftOut(run, subject, 'service_disabled', subject.disabled)
    }
    const isIn = await places.enter(run.signal).then(
      () => true,
      () => false,
    )
    if (!isIn) return notBegun(run, subject)
    try {
      return await testService(run, subject)
    } catch (error) {
      stop.abort('stopped')
      throw error
    } finally {
      places.leave()
      onDone()
    }
  })
  const ends = await Promise.allSettled(tests)
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

const notBegun = (run: Run, subject: Subject): TestResult =>
  run.signal.reason === deadlineOver
    ? leftOut(run, subject, 'deadline_reached', 'its turn did not come before the deadline')
    : leftOut(run, subject, 'interrupted', 'its turn had not come')

/** What is disabled by an operator stands in the state, which is not opened offline: there only the file counts. */
async function chooseSubjects(
  app: App,
  loaded: LoadedConfig,
  which: TestOptions['which'],
  offline: boolean,
): Promise<Subject[]> {
  const entries = isGroup(loaded.raw.services) ? loaded.raw.services : {}
  const names = which === 'all' ? Object.keys(entries) : [...new Set(which)]
  for (const name of names) if (!Object.hasOwn(entries, name)) serviceEntry(loaded, name)
  const disabled = offline ? disabledInFile(loaded) : await disabledNow(app)
  return names.map((name) => {
    const entry = entries[name]
    const adapter = isGroup(entry) && typeof entry.adapter === 'string' ? entry.adapter : ''
    const { line } = loaded.placeOf(['services', name], 'key')
    return { name, adapter, line, disabled: disabled.get(name) ?? null }
  })
}

async function disabledNow(app: App): Promise<Map<string, string>> {
  const { services } = await listServices(app)
  const held = services.filter(({ state }) => state === 'disabled')
  return new Map(held.map(({ name, why }) => [name, why ?? 'disabled']))
}

const disabledInFile = ({ config }: LoadedConfig): Map<string, string> =>
  new Map(
    Object.entries(config.services)
      .filter(([, { enabled }]) => !enabled)
      .map(([name]) => [name, 'disabled in the config']),
  )
