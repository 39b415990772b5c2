/** What the checks look at, opened once and without changing anything. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { LoadedConfig } from '../../config/load.ts'
import type { LogLook, Look, LookedAt, StateLook } from '../../store/look.ts'
import type { CallLogTables } from '../../store/schema-calls.ts'
import type { Database } from '../../store/schema.ts'
import type { FileKind } from '../../store/inspect.ts'
import { callLogFile, callLogPath, stateFile } from '../../store/files.ts'
import type { App } from '../app.ts'
import { once } from '../once.ts'
import { NotLookedAt } from './check.ts'

export type Patient = {
  app: App
  now: Date
  /** Aborted when the time is up or the program is asked to stop. */
  signal: AbortSignal
  isThorough: boolean
  /** Undefined when there is none. */
  configFile(): string | undefined
  /** Throws `NotLookedAt` when there is no config that can be read. */
  config(): Promise<LoadedConfig>
  /** Throws `NotLookedAt` when nothing says where the state is. */
  statePath(): Promise<string>
  /** Throws `NotLookedAt` when it cannot be opened, or has to be brought to this program's version first. */
  state(): Promise<StateLook>
  log(): Promise<LogLook>
  /** The same at any version, throwing why it cannot. */
  openState(): Promise<StateLook>
  openLog(): Promise<LogLook>
  close(): Promise<void>
}

export type PatientOptions = { signal: AbortSignal; isThorough: boolean }

export function admit(app: App, { signal, isThorough }: PatientOptions): Patient {
  const opened: { close(): Promise<void> }[] = []
  const configFile = once(() => {
    try {
      return app.file()
    } catch {
      return undefined
    }
  })
  const config = once(() =>
    app.usableConfig().catch(() => {
      throw new NotLookedAt('there is no config that can be read')
    }),
  )
  const statePath = once(async () => {
    const file = configFile()
    if (file === undefined) throw new NotLookedAt('there is no config that says where the state is')
    const loaded = await config().catch(() => undefined)
    if (loaded) return resolve(dirname(file), loaded.config.state)
    // A config that cannot be read is no reason not to look at what lies beside it.
    const usual = join(dirname(file), 'caravan.db')
    if (!existsSync(usual)) throw new NotLookedAt('the config cannot be read')
    return usual
  })
  const open = async <Tables>(path: string, kind: FileKind): Promise<Look<Tables>> => {
    const { lookInto } = await import('../../store/look.ts')
    const look = lookInto<Tables>(path, kind)
    opened.push(look)
    return look
  }
  const openState = once(async () => open<Database>(await statePath(), stateFile))
  const openLog = once(async () => {
    const path = callLogPath(await statePath())
    // It begins with the first call.
    if (!existsSync(path) && !existsSync(`${path}-wal`))
      throw new NotLookedAt('there is no call log')
    return open<CallLogTables>(path, callLogFile)
  })

  return {
    app,
    now: app.clock.now(),
    signal,
    isThorough,
    configFile,
    config,
    statePath,
    openState,
    openLog,
    state: () => openState().then(current, closed('the state cannot be opened')),
    log: () => openLog().then(current, closed('the call log cannot be opened')),
    async close() {
      for (const look of opened.toReversed()) await look.close()
    },
  }
}

function current<L extends LookedAt>(look: L): L {
  if (look.version === look.kind.version) return look
  throw new NotLookedAt(`the ${look.kind.title} is of an older version`)
}

const closed =
  (why: string) =>
  (error: unknown): never => {
    throw error instanceof NotLookedAt ? error : new NotLookedAt(why, { cause: error })
  }
