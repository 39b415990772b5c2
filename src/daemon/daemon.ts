/** The program that runs for months: takes its place, starts its parts, and ends them in order. */
import type { App } from '../app/app.ts'
import { keepMemoryLean } from '../app/lean-memory.ts'
import { newId } from '../core/ids.ts'
import { leaveDaemon, noteConfig } from '../store/daemons.ts'
import { version } from '../version.ts'
import { placeLost, takePlace } from './lock.ts'
import type { DaemonLog } from './log.ts'
import { createNotify } from './notify.ts'
import type { DaemonContext, MakePart } from './part.ts'
import { parts as allParts } from './parts.ts'
import { keepPresent } from './presence.ts'
import { createReload, tellFaults } from './reload.ts'
import { requireKey } from './require-key.ts'
import { supervise, type Supervised } from './supervise.ts'

export type DaemonOptions = {
  /** Its signal is that of `leave`. The daemon works with later versions of it; whoever opened it closes it. */
  app: App
  log: DaemonLog
  /** Aborted when the daemon is asked to stop. */
  signal: AbortSignal
  /** Aborted when it is asked a second time: the grace is over then. */
  hurry?: AbortSignal
  /** Aborted by the daemon when calls under way are to end at once. */
  leave: AbortController
  /** How long what is under way may take to end, in milliseconds. */
  graceMs: number
  /** Calls back on SIGHUP. */
  onHangup(listener: () => void): void
  parts?: readonly MakePart[]
}

/** After the grace is over: until what was told to end at once has ended. */
const lastMs = 2000
const hurriedMs = 1000

/**
 * Runs until `signal` is aborted. Returns the names of the parts that had not ended when the grace was over. Throws what
 * keeps it from starting, such as `config_invalid`, `key_wrong`, `daemon_running` or one of the `state_` codes; and
 * `daemon_running` when another daemon took its place.
 */
export async function runDaemon(options: DaemonOptions): Promise<string[]> {
  const { log, leave, graceMs } = options
  const { clock, env } = options.app
  keepMemoryLean()
  let app = await options.app.next()
  log.redactWith(app.redact)
  const { db, path: statePath } = await app.state()
  await requireKey(app)
  await app.log()
  await app.calls()

  const id = newId()
  await takePlace({ db, clock, log, signal: options.signal, id, version })
  await noteConfig(db, id, { loadedAt: clock.now(), error: null })
  const stop = new AbortController()
  const present = new AbortController()
  const stopAsAsked = () => stop.abort(options.signal.reason)
  options.signal.addEventListener('abort', stopAsAsked)
  if (options.signal.aborted) stopAsAsked()
  const forget = logStrays(log)

  const notify = createNotify(env, (error) => log.warn('systemd cannot be told', { error }))
  const context: DaemonContext = { app: () => app, db, clock, log, id, signal: stop.signal }
  const loaded = await app.usableConfig()
  log.info(`caravan ${version} begins`, {
    pid: process.pid,
    config: loaded.file,
    state: statePath,
    services: Object.keys(loaded.config.services).length,
    jobs: Object.keys(loaded.config.jobs).length,
  })
  await tellFaults(context, app)

  const reload = await createReload({ ...context, notify, replace: (later) => void (app = later) })
  const supervised = [reload, ...(options.parts ?? allParts).map((make) => make(context))].map(
    (part) => supervise(part, { clock, log, signal: stop.signal }),
  )
  options.onHangup(() => {
    log.info('asked to read the config anew')
    reload.ask()
    supervised[0]?.wake()
  })

  let isLost = false
  const presence = keepPresent({
    db,
    clock,
    log,
    id,
    notify,
    signal: present.signal,
    onReady: () => log.info('ready'),
    onLost() {
      isLost = true
      stop.abort('place lost')
    },
  })
  await aborted(stop.signal)
  log.info('stopping: nothing new is begun, and what is under way may end', { grace_ms: graceMs })
  await notify.tell('STOPPING=1')
  const left = await ending(supervised, { ...context, leave, graceMs, hurry: options.hurry })
  present.abort('ended')
  await presence
  options.signal.removeEventListener('abort', stopAsAsked)
  if (isLost) throw placeLost()
  await leaveDaemon(db, id, clock.now()).catch((error: unknown) =>
    log.error('the end could not be written down', { error }),
  )
  if (left.length > 0) log.warn('left before everything had ended', { parts: left.join(', ') })
  else log.info('ended in order')
  forget()
  return left
}

type Ending = Pick<DaemonContext, 'clock' | 'log'> & {
  leave: AbortController
  graceMs: number
  hurry?: AbortSignal
}

/** Resolves when all parts have ended, or the grace is over; with the names of those that are left. */
async function ending(
  supervised: readonly Supervised[],
  { clock, log, leave, graceMs, hurry = new AbortController().signal }: Ending,
): Promise<string[]> {
  const left = new Set(supervised.map(({ name }) => name))
  const all = Promise.all(
    supervised.map(async ({ name, ended }) => {
      await ended
      left.delete(name)
    }),
  )
  const isOver = new AbortController()
  const wait = (ms: number) => clock.sleep(ms, isOver.signal).catch(() => undefined)
  await Promise.race([all, wait(graceMs), aborted(hurry)])
  const late = [...left]
  if (hurry.aborted && late.length > 0)
    log.warn('asked again to stop: what is under way is cut off', { parts: late.join(', ') })
  leave.abort('the time to end is over')
  if (left.size > 0) await Promise.race([all, wait(hurry.aborted ? hurriedMs : lastMs)])
  isOver.abort('over')
  return late
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** A promise that nobody waited for must not end the work of all others. */
function logStrays(log: DaemonLog): () => void {
  const onStray = (error: unknown) => log.error('a fault that nobody took care of', { error })
  process.on('unhandledRejection', onStray)
  return () => void process.off('unhandledRejection', onStray)
}
