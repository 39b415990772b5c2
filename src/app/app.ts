/** The composition root: opens config, key, state and call log when they are first needed, and closes what it opened. */
import { dirname, resolve } from 'node:path'
import type { CallPath } from '../calls/path.ts'
import type { Service } from '../calls/call.ts'
import { findConfig, type FindOptions } from '../config/find.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import type { CallLogFile } from '../store/call-log.ts'
import type { State } from '../store/open.ts'
import { once } from './once.ts'
import { type Overview, readOverview } from './overview.ts'
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
  /** A service ready to be called. Throws `service_unknown`, `placeholder_unset`, or what is wrong with its config. */
  service(name: string): Promise<Service>
  calls(): Promise<CallPath>
  /** Writes what the log of this process still holds back, so that a call just made is found in it. */
  flushLog(): Promise<void>
  close(): Promise<void>
}

export function openApp(options: AppOptions): App {
  const { configFlag, command = '', env, cwd, clock, signal, askPassphrase } = options
  const { onWarning: warn = emitWarning } = options
  const closers: (() => Promise<void> | void)[] = []
  const services = new Map<string, Promise<Service>>()

  const lookup = { flag: configFlag, env, cwd }
  const file = once(() => findConfig(lookup))
  const usableConfig = once(async () => {
    const { readProjectConfig } = await import('./config.ts')
    return readProjectConfig(file(), env)
  })
  const config = once(async () => {
    const { refuseFaults } = await import('./config.ts')
    return refuseFaults(await usableConfig())
  })
  const overview = once(() =>
    readOverview(file(), env, async () => {
      const { makeOverview } = await import('./make-overview.ts')
      return makeOverview(await usableConfig())
    }),
  )
  const statePath = async () => resolve(dirname(file()), (await overview()).state)

  const stateAsIs = once(async () => {
    const { openState } = await import('../store/open.ts')
    const path = await statePath().catch(async (error: unknown) => {
      if (!(error instanceof CaravanError) || error.code !== 'config_unreadable') throw error
      const { guessStatePath } = await import('./config-history/guess-state.ts')
      return guessStatePath(file())
    })
    const opened = await openState(path, { clock })
    closers.push(() => opened.close())
    return opened
  })
  const state = once(async () => {
    const { versionHash } = await overview()
    const opened = await stateAsIs()
    const { latestConfigHash } = await import('../store/config-versions.ts')
    if ((await latestConfigHash(opened.db)) !== versionHash) {
      const { recordLoaded } = await import('./config-history/record.ts')
      await recordLoaded(app, opened.db, await usableConfig())
    }
    return opened
  })
  const log = once(async () => {
    const { openCallLog } = await import('../store/call-log.ts')
    const { callLogPath } = await import('../store/files.ts')
    const opened = await openCallLog(callLogPath(await statePath()), { clock })
    closers.push(() => opened.close())
    return opened
  })
  const secrets = once(async () => {
    const { openSecretStore } = await import('./secret-store.ts')
    const { config: known } = await usableConfig()
    const { db, instanceId } = await state()
    return openSecretStore({
      db,
      instanceId,
      clock,
      env,
      configDir: dirname(file()),
      keyFile: known.key_file,
      askPassphrase,
    })
  })
  let flushLog = async (): Promise<void> => undefined
  const calls = once(async () => {
    const { createCallPath } = await import('../calls/path.ts')
    const { createCallLog } = await import('../calls/log.ts')
    const { keepWithin } = await import('../store/retention.ts')
    const { db, path } = await state()
    const logFile = await log()
    const { retention } = (await usableConfig()).config
    const keeper = keepWithin(logFile, { statePath: path, limit: retention.max_size, clock })
    const onLogTrouble = (error: unknown) => warn(messageOf(error), 'CallLogWarning')
    const writer = createCallLog(logFile.db, clock, onLogTrouble, keeper)
    flushLog = writer.flush
    closers.push(async () => {
      await writer.close()
      await import('./retention.ts').then(({ cleanUp }) => cleanUp(app))
    })
    const onTrouble = (error: unknown) => warn(messageOf(error), 'CallPathWarning')
    const made = createCallPath({ db, log: writer, clock, env, onTrouble })
    closers.push(made.close)
    return made
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
    log,
    secrets,
    calls,
    flushLog: () => flushLog(),
    service(name) {
      const known =
        services.get(name) ?? import('./service.ts').then((it) => it.makeService(app, name))
      services.set(name, known)
      // A program that runs for months must not keep what a busy state or a missing file kept from being opened once.
      known.catch(() => services.get(name) === known && services.delete(name))
      return known
    },
    async close() {
      for (const close of closers.toReversed()) await close()
    },
  }
  return app
}

const emitWarning = (text: string, name: string): void => process.emitWarning(text, name)
