import { messageOf } from '../../core/errors.ts'
import { noteListenError, noteListening } from '../../store/daemons.ts'
import type { DaemonContext, MakePart, Part } from '../part.ts'
import type { Listener, ListenOptions } from './listener.ts'

/** What is under way may take so long to end when the daemon stops or the address changes, in milliseconds. */
const graceMs = 10_000

/** Listens where the config says: looks every second whether that has changed, and tries again what failed. */
export const makeListener: MakePart = (context) => makeListenerWith(context)

/** With other limits, for tests. */
export function makeListenerWith(
  context: DaemonContext,
  options: Pick<ListenOptions, 'limits' | 'timeouts'> = {},
): Part {
  const { log, db, id } = context
  const going = new Set<Promise<unknown>>()
  let current: Listener | undefined
  let passing = Promise.resolve()
  /** Why nothing listens where the config says, and what of it stands in the state. */
  let fault: string | null = null

  function keepGoing(work: Promise<unknown>): void {
    const held = work.catch(() => undefined).finally(() => going.delete(held))
    going.add(held)
  }

  async function open(wanted: string): Promise<void> {
    const { listen } = await import('./listener.ts')
    const begin = () => listen(context, wanted, { ...options, keepGoing })
    const former = current
    // 0.0.0.0 and 127.0.0.1 with one port stand in each other's way: then the old one goes first.
    const isSamePort = former !== undefined && portOf(former.address) === portOf(wanted)
    if (isSamePort) await end()
    current = await begin()
    if (former && !isSamePort) keepGoing(former.close(graceMs))
    await noteListening(db, id, current.address)
    log.info(`listening at ${current.address}`)
    if (current.isLocal) return
    log.warn(
      `${current.address} is reached from other machines, and what is sent there is not encrypted: put a reverse proxy with TLS in front`,
    )
  }

  async function end(): Promise<void> {
    const former = current
    if (!former) return
    current = undefined
    const closed = former.close(graceMs)
    log.info(`no longer listening at ${former.address}`)
    try {
      await noteListening(db, id, null)
    } finally {
      await closed
    }
  }

  async function follow(): Promise<void> {
    const { listen: wanted } = (await context.app().usableConfig()).config
    if (context.signal.aborted) return
    if (wanted === current?.wanted) return noteFault(null)
    if (wanted === undefined) {
      await end()
      return noteFault(null)
    }
    try {
      await open(wanted)
      fault = null
    } catch (error) {
      await noteFault(messageOf(error))
      throw error
    }
  }

  async function noteFault(met: string | null): Promise<void> {
    if (met === fault) return
    await noteListenError(db, id, met)
    fault = met
  }

  return {
    name: 'listener',
    everyMs: 1000,
    async pass() {
      passing = follow()
      await passing
    },
    async stop() {
      await passing.catch(() => undefined)
      await end()
      await Promise.all(going)
    },
  }
}

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)
