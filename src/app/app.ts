/** The composition root: opens config, key, state and call log when they are first needed, and closes what it opened. */
import { dirname, resolve } from 'node:path'
import type { Service } from '../calls/call.ts'
import type { CallPath } from '../calls/path.ts'
import type { Redactor } from '../calls/redact.ts'
import { findConfig, type FindOptions } from '../config/find.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import type { CallLogFile } from '../store/call-log.ts'
import type { State } from '../store/open.ts'
import { once, onceDone } from './once.ts'
import { type Overview, readOverview } from './overview.ts'
import type { Review } from './service.ts'
import type { SecretStore } from './secret-store.ts'

export type AppOptions = {
  /** Value of `--config`. */
  configFlag?: string
  /** Words of the command, such as `config rollback`; the history of the config tells them. */
  command?: string
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  clock: Clock
  /** Aborted when the program is asked to stop. */
  signal: AbortSignal
  /** Asks a person for the passphrase that unlocks the secrets, hidden; undefined when nobody can be asked. */
  askPassphrase?: (question: string) => Promise<string | undefined>
  /** Takes what went wrong beside the work, such as a log that cannot be written; a warning on stderr when left out. */
  onWarning?: (text: string, name: string) => void
}

export type App = {
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
  command: string
  /** Tells of what went wrong beside the work and fails nothing. `name` is that of the warning. */
  warn(text: string, name: string): void
  /** What the config is looked for with. */
  lookup: FindOptions
  /** Path of integrations.yaml. Throws `config_missing`. */
  file(): string
  /** The whole config. Throws `config_invalid` with every fault. */
  config(): Promise<LoadedConfig>
  /** The usable part of the config, with the faults of the rest. */
  usableConfig(): Promise<LoadedConfig>
  /** The config without the configs of its services; cheap. */
  overview(): Promise<Overview>
  /** Where the state is, whether it can be opened or not. */
  statePath(): Promise<string>
  /** The state. A file that is not the latest version is recorded as one. */
  state(): Promise<State>
  /**
   * The same without the file being recorded as a version, for what compares the two; also where the file is no YAML at
   * all, since that is when its versions are needed most.
   */
  stateAsIs(): Promise<State>
  log(): Promise<CallLogFile>
  secrets(): Promise<SecretStore>
  /** What shows only when the placeholders of its services are resolved: looked for once under each version of the config. */
  review(): Promise<Review>
  /** A service ready to be called. Throws `service_unknown`, `placeholder_unset`, or what is wrong with its config. */
  service(name: string): Promise<Service>
  calls(): Promise<CallPath>
  /** Writes what the log of this process still holds back, so that a call just made is found in it. */
  flushLog(): Promise<void>
  /** A text without the secrets of the services that were opened. */
  redact(text: string): string
  /**
   * The project as its file stands now. It shares state, log and call path with this one, and every service whose resolved
   * config is the same; whoever works with this one goes on as before. Throws `config_invalid` and its like, and then
   * nothing has changed.
   */
  next(): Promise<App>
  /** Closes what was opened by this version and all others. Throws the first fault, once everything was tried. */
  close(): Promise<void>
}

export function openApp(options: AppOptions): App {
  return versionOf(shareAll(options))
}

/** What every version of the config works with: opened once, at its first need. */
type Shared = ReturnType<typeof shareAll>

function shareAll(options: AppOptions) {
  const { configFlag, env, cwd, clock } = options
  const { onWarning: warn = emitWarning } = options
  const closers: (() => Promise<void> | void)[] = []
  const lookup = { flag: configFlag, env, cwd }
  let opened: Promise<State> | undefined
  let log: Promise<CallLogFile> | undefined
  let calls: Promise<{ path: CallPath; flush(): Promise<void> }> | undefined
  let secrets: { keyFile: string | undefined; store: SecretStore } | undefined
  const redactors = new Map<string, Redactor[]>()

  /** A failure is not kept: it may be over the next time. */
  function kept<T>(making: Promise<T>, forget: () => void): Promise<T> {
    making.catch(forget)
    return making
  }

  const shared = {
    options,
    warn,
    lookup,
    closers,
    file: once(() => findConfig(lookup)),
    /** `retention.max_size` of the version in force. */
    limit: 0,
    /** Path of the state, once it was opened: only a restart changes it. */
    statePath: undefined as string | undefined,
    openState: (path: string) => (opened ??= kept(openStateAt(path), () => (opened = undefined))),
    openLog: (path: string) => (log ??= kept(openLogAt(path), () => (log = undefined))),
    openCalls: (app: App) => (calls ??= kept(openCallsOf(app), () => (calls = undefined))),
    flushLog: async () => void (calls && (await (await calls).flush())),
    secretStore(keyFile: string | undefined, make: () => SecretStore): SecretStore {
      if (secrets?.keyFile !== keyFile) secrets = undefined
      return (secrets ??= { keyFile, store: make() }).store
    },
    /** Those of a service's former configs too: runs that began with them may still go on. */
    learn({ name, redactor }: Service): void {
      const known = redactors.get(name) ?? []
      if (!known.includes(redactor)) redactors.set(name, [redactor, ...known].slice(0, 3))
    },
    redact: (text: string) =>
      [...redactors.values()].flat().reduce((left, redactor) => redactor.text(left), text),
  }

  async function openStateAt(path: string): Promise<State> {
    const { openState } = await import('../store/open.ts')
    const state = await openState(path, { clock })
    shared.statePath = state.path
    closers.push(() => state.close())
    return state
  }

  async function openLogAt(path: string): Promise<CallLogFile> {
    const { openCallLog } = await import('../store/call-log.ts')
    const { callLogPath } = await import('../store/files.ts')
    const file = await openCallLog(callLogPath(path), { clock })
    closers.push(() => file.close())
    return file
  }

  async function openCallsOf(app: App) {
    const { createCallPath } = await import('../calls/path.ts')
    const { createCallLog } = await import('../calls/log.ts')
    const { keepWithin } = await import('../store/retention.ts')
    const { db, path } = await app.state()
    const file = await app.log()
    const keeperOptions = {
      statePath: path,
      clock,
      get limit() {
        return shared.limit
      },
    }
    shared.limit = (await app.usableConfig()).config.retention.max_size
    const onLogTrouble = (error: unknown) => warn(messageOf(error), 'CallLogWarning')
    const keeper = keepWithin(file, keeperOptions)
    const writer = createCallLog(file.db, clock, onLogTrouble, keeper)
    closers.push(async () => {
      await writer.close()
      await import('./retention.ts').then(({ cleanUp }) => cleanUp(app))
    })
    const onTrouble = (error: unknown) => warn(messageOf(error), 'CallPathWarning')
    const made = createCallPath({ db, log: writer, clock, env, onTrouble })
    closers.push(made.close)
    return { path: made, flush: writer.flush }
  }

  return shared
}

/** The project under one version of the config; without `pinned` it is read when it is first needed. */
function versionOf(
  shared: Shared,
  pinned?: LoadedConfig,
  services = new Map<string, Promise<Service>>(),
): App {
  const { file, lookup, warn } = shared
  const { env, clock, signal, command = '', askPassphrase } = shared.options

  const usableConfig = once(async () => {
    if (pinned) return pinned
    const { readProjectConfig } = await import('./config.ts')
    return readProjectConfig(file(), env)
  })
  const config = once(async () => {
    const { refuseFaults } = await import('./config.ts')
    return refuseFaults(await usableConfig())
  })
  const makeOverview = async () => {
    const { makeOverview: make } = await import('./make-overview.ts')
    return make(await usableConfig())
  }
  const overview = onceDone(async () =>
    pinned ? makeOverview() : readOverview(file(), env, makeOverview),
  )
  const statePath = async () =>
    shared.statePath ?? resolve(dirname(file()), (await overview()).state)

  async function stateAsIs(): Promise<State> {
    const path = await statePath().catch(async (error: unknown) => {
      if (!(error instanceof CaravanError) || error.code !== 'config_unreadable') throw error
      const { guessStatePath } = await import('./config-history/guess-state.ts')
      return guessStatePath(file())
    })
    return shared.openState(path)
  }
  const state = onceDone(async () => {
    const { versionHash } = await overview()
    const opened = await stateAsIs()
    const { latestConfigHash } = await import('../store/config-versions.ts')
    if ((await latestConfigHash(opened.db)) !== versionHash) {
      const { recordLoaded } = await import('./config-history/record.ts')
      await recordLoaded(app, opened.db, await usableConfig())
    }
    return opened
  })
  const secrets = onceDone(async () => {
    const { openSecretStore } = await import('./secret-store.ts')
    const { key_file: keyFile } = (await usableConfig()).config
    const { db, instanceId } = await state()
    const configDir = dirname(file())
    return shared.secretStore(keyFile, () =>
      openSecretStore({ db, instanceId, clock, env, configDir, keyFile, askPassphrase }),
    )
  })

  const review = onceDone(async () => {
    const { reviewServices, sourcesOf } = await import('./service.ts')
    return reviewServices(await usableConfig(), await sourcesOf(app))
  })

  const app: App = {
    clock,
    env,
    signal,
    command,
    warn,
    lookup,
    file,
    config,
    usableConfig,
    overview,
    statePath,
    state,
    stateAsIs,
    log: async () => shared.openLog(await statePath()),
    secrets,
    review,
    calls: async () => (await shared.openCalls(app)).path,
    flushLog: shared.flushLog,
    redact: shared.redact,
    service(name) {
      const known = services.get(name) ?? makeService(name)
      services.set(name, known)
      // A program that runs for months must not keep what a busy state or a missing file kept from being opened once.
      known.catch(() => services.get(name) === known && services.delete(name))
      return known
    },
    async next() {
      const { readProjectConfig, refuseFaults } = await import('./config.ts')
      const { carryOver } = await import('./carry-over.ts')
      const loaded = refuseFaults(await readProjectConfig(file(), env))
      const carried = new Map<string, Promise<Service>>()
      const later = versionOf(shared, loaded, carried)
      await carryOver(later, services, carried)
      for (const service of carried.values()) shared.learn(await service)
      shared.limit = loaded.config.retention.max_size
      return later
    },
    close: () => closeAll(shared.closers),
  }

  async function makeService(name: string): Promise<Service> {
    const { makeService: make } = await import('./service.ts')
    const service = await make(app, name)
    shared.learn(service)
    return service
  }
  return app
}

/** Latest first. What cannot be closed must not keep the others open. */
async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  const faults: unknown[] = []
  for (const close of closers.splice(0).toReversed()) {
    try {
      await close()
    } catch (error) {
      faults.push(error)
    }
  }
  if (faults.length > 0) throw faults[0]
}

const emitWarning = (text: string, name: string): void => process.emitWarning(text, name)
