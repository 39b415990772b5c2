import { once } from 'node:events'
import { createServer } from 'node:net'
import type { DaemonCheck } from '../app/answers/daemon.ts'
import type { App } from '../app/app.ts'
import { pathText } from '../config/faults.ts'
import { CaravanError } from '../core/errors.ts'
import { reasonOf } from '../core/system-faults.ts'
import { currentDaemon } from '../store/daemons.ts'

/** Everything that could keep the daemon from starting with this file; starts nothing. Throws what would. */
export async function checkDaemon(root: App): Promise<DaemonCheck> {
  const app = await root.next()
  const { config, file, faults } = await app.usableConfig()
  const { db, path } = await app.state()
  const store = await app.secrets()
  const hasSecrets = (await store.list()).length > 0
  const key = hasSecrets ? (await store.key()).source : null
  await app.log()
  const reviewed = await app.review()
  const daemon = await currentDaemon(db, app.clock.now())
  if (config.listen && daemon?.listensAt !== config.listen) await requireFree(config.listen)
  return {
    config: file,
    state: path,
    key,
    listens_at: config.listen ?? null,
    services: Object.values(config.services).filter(({ enabled }) => enabled).length,
    jobs: Object.entries(config.jobs).flatMap(([job, { schedule, enabled, timezone }]) =>
      schedule && enabled ? [{ job, schedule, timezone: timezone ?? config.timezone }] : [],
    ),
    faults: [...faults, ...reviewed.faults].map(
      ({ path: at, message }) => `${pathText(at)}: ${message}`,
    ),
  }
}

async function requireFree(listen: string): Promise<void> {
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  const server = createServer()
  try {
    server.listen(Number(listen.slice(colon + 1)), host)
    await once(server, 'listening')
    server.close()
  } catch (error) {
    throw new CaravanError({
      code: 'listen_failed',
      message: `nothing can listen at ${listen}: ${reasonOf(error)}`,
      hint: 'Give another address under "listen", or stop what uses this one.',
      cause: error,
    })
  }
}
