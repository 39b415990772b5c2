/**
 * Brings a changed config into force while everything goes on. Looked for by polling: file watches miss renames and say
 * nothing at all of network file systems.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { App } from '../app/app.ts'
import { pathText } from '../config/faults.ts'
import { filesNamedIn } from '../config/placeholder-files.ts'
import { summarize, treeChanges } from '../config/tree-diff.ts'
import { CaravanError, exitOf, messageOf, systemCode } from '../core/errors.ts'
import type { Exit } from '../core/exit-codes.ts'
import { noteConfig } from '../store/daemons.ts'
import { secretsStamp } from '../store/secrets.ts'
import type { Notify } from './notify.ts'
import type { DaemonContext, Part } from './part.ts'
import { requireKey } from './require-key.ts'

const everyMs = 2000
/** A file that is being written is not read before it has stood still for so long. */
const settleMs = 250

export type ReloadOptions = DaemonContext & {
  /** From now on `app()` gives this one. */
  replace(later: App): void
  notify: Notify
}

export type Reload = Part & {
  /** The next pass loads the file, changed or not. */
  ask(): void
}

/** What a version of the config was made from. */
type Origin = { file: string; files: string; secrets: string }

export async function createReload(options: ReloadOptions): Promise<Reload> {
  const { app, db, clock, log, id, signal, replace, notify } = options
  let inForce = await madeFrom(app(), await originOf(app(), db))
  let refused: Origin | undefined
  let isAsked = false
  /** Why the file is not in force, and what of it stands in the state. */
  let fault: string | null = null
  let toldFault: string | null = null

  async function load(origin: Origin): Promise<void> {
    const former = app()
    try {
      const later = await former.next()
      await requireKey(later)
      replace(later)
      inForce = await madeFrom(later, { ...(await originOf(later, db)), secrets: origin.secrets })
      refused = undefined
      fault = null
      await noteConfig(db, id, { loadedAt: clock.now(), error: null })
      await tell(former, later)
    } catch (met) {
      if (!isOfConfig(met)) throw met
      const error = isGone(met) ? gone(former.file(), met) : met
      refused = origin
      fault = messageOf(error)
      log.error('the config file is not in order; the version before stays in force', { error })
    }
  }

  async function tell(former: App, later: App): Promise<void> {
    const [before, after] = [await former.usableConfig(), await later.usableConfig()]
    const changes = treeChanges(before.raw, after.raw)
    const isSameFile = before.sha256 === after.sha256
    log.info('the config was loaded', {
      changes: isSameFile ? 'none in the file; secrets were read anew' : summarize(changes),
    })
    await tellFaults(options, later)
    const { path } = await later.state()
    if (resolve(dirname(after.file), after.config.state) !== path) {
      log.warn('"state" was changed: that needs a restart; the former state stays in use', { path })
    }
  }

  return {
    name: 'config',
    everyMs,
    ask() {
      isAsked = true
    },
    async pass() {
      const asked = isAsked
      isAsked = false
      const seen = await originOf(app(), db)
      if (isSame(seen, inForce) && refused && !asked) {
        refused = undefined
        fault = null
        log.info('the config file is what is in force again')
      }
      const isKnown = isSame(seen, inForce) || (refused !== undefined && isSame(seen, refused))
      if (asked || (!isKnown && (await isStill(seen)))) {
        await notify.tell('RELOADING=1', `MONOTONIC_USEC=${Math.round(clock.monotonicMs() * 1000)}`)
        try {
          await load(seen)
        } finally {
          await notify.tell('READY=1')
        }
      }
      if (fault !== toldFault) await noteConfig(db, id, { error: fault })
      toldFault = fault
    },
  }

  async function isStill(seen: Origin): Promise<boolean> {
    await clock.sleep(settleMs, signal).catch(() => undefined)
    return !signal.aborted && isSame(seen, await originOf(app(), db))
  }
}

/** Faults that concern one service or job alone: it cannot be used, and everything else can. */
export async function tellFaults({ log }: Pick<DaemonContext, 'log'>, app: App): Promise<void> {
  const { config, faults } = await app.usableConfig()
  const reviewed = await app.review().catch((error: unknown) => {
    log.warn('the services could not be looked over', { error }) // a health check tells each of its faults
    return { faults: [] }
  })
  for (const { path, message, hint, line } of [...faults, ...reviewed.faults]) {
    const [section, name] = path.map(String)
    if (section === 'services' && config.services[name ?? '']?.enabled === false) continue
    const of = section === 'jobs' ? { job: name } : { service: name }
    log.error(`${name} cannot be used: ${pathText(path)}: ${message}`, {
      ...of,
      line,
      hint: hint ?? 'caravan config check',
    })
  }
}

async function originOf(app: App, db: DaemonContext['db']): Promise<Origin> {
  const { raw, file } = await app.usableConfig()
  const named = filesNamedIn(raw, {
    configDir: dirname(file),
    credentialsDirectory: app.env.CREDENTIALS_DIRECTORY || undefined,
  })
  return {
    file: await hashOf(file),
    files: (await Promise.all(named.map(marksOf))).join('\n'),
    secrets: await secretsStamp(db),
  }
}

/** The file as it was read, should it have changed again meanwhile. */
const madeFrom = async (app: App, origin: Origin): Promise<Origin> => ({
  ...origin,
  file: (await app.usableConfig()).sha256,
})

const isSame = (a: Origin, b: Origin): boolean =>
  a.file === b.file && a.files === b.files && a.secrets === b.secrets

async function hashOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  } catch (error) {
    return systemCode(error) ?? messageOf(error)
  }
}

/** Changes whenever the file is written or replaced; not read, for it may hold a secret. */
async function marksOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch (error) {
    return systemCode(error) ?? ''
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof CaravanError && error.code === 'config_missing'

/** To begin a new project, as whoever starts a command without one is told, would be the wrong advice here. */
const gone = (file: string, cause: unknown): CaravanError =>
  new CaravanError({
    code: 'config_missing',
    message: `${file} is gone`,
    hint: 'Put it back. Without a copy: make an empty file there, then use "caravan config history" and "caravan config rollback <version>".',
    cause,
  })

const ofConfig: readonly Exit[] = ['config', 'credentials', 'secrets']

/** The rest, such as a busy state, may be over the next time. */
const isOfConfig = (error: unknown): boolean =>
  error instanceof CaravanError &&
  (ofConfig.includes(exitOf(error)) || error.code.startsWith('config_'))
