import type { DaemonPing } from '../app/answers/daemon.ts'
import type { App } from '../app/app.ts'
import { CaravanError } from '../core/errors.ts'
import { currentDaemon, latestDaemon } from '../store/daemons.ts'
import { utcText } from '../core/words.ts'

/** Without a look of the scheduler for so long, in milliseconds, something is wrong. */
const longestMs = 60_000

/** The daemon of the project. Throws `daemon_missing` where none is, or it no longer looks for what is due. */
export async function pingDaemon(app: App): Promise<DaemonPing> {
  const { db } = await app.stateAsIs()
  const now = app.clock.now()
  const found = await currentDaemon(db, now)
  if (!found) {
    const last = await latestDaemon(db)
    const when = last ? `; the last one was heard of at ${utcText(last.heartbeatAt)}` : ''
    throw missing(`no daemon works on this state${when}`)
  }
  const { tickedAt } = found
  const where = `the daemon (process ${found.pid} on ${found.host})`
  if (tickedAt === null) throw missing(`${where} has not begun to look for what is due`)
  if (now.getTime() - Date.parse(tickedAt) > longestMs) {
    throw missing(`${where} last looked for what is due at ${utcText(tickedAt)}`)
  }
  return {
    daemon: found.id,
    version: found.version,
    host: found.host,
    pid: found.pid,
    started_at: found.startedAt,
    up_ms: Math.max(0, now.getTime() - Date.parse(found.startedAt)),
    heartbeat_at: found.heartbeatAt,
    ticked_at: tickedAt,
    listens_at: found.listensAt,
    listen_error: found.listenError,
    config_error: found.configError,
  }
}

const missing = (message: string): CaravanError =>
  new CaravanError({
    code: 'daemon_missing',
    message,
    hint: 'Start it with "caravan daemon", or look into its log.',
    see: 'caravan status',
  })
