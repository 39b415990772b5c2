/** Sends what waits in the outbox and is due. */
import { routeForOf } from '../app/route.ts'
import { type Sent, sendDue } from '../calls/outbox.ts'
import { messageOf } from '../core/errors.ts'
import { kindsDue } from '../store/outbox-due.ts'
import type { DaemonContext, Part } from './part.ts'

const everyMs = 1000
/** How often is looked for calls whose sender is gone, also when nothing is due. */
const wholeEveryMs = 30_000
/**
 * Calls of one kind that are under way: so many turns, each with so many calls. A kind whose vendor stalls holds up no
 * other one, and a call that takes long none that is due after it.
 */
const mostTurns = 4
const callsPerTurn = 4

export function makeOutbox({ app, db, clock, log, signal }: DaemonContext): Part {
  const underWay = new Set<Promise<void>>()
  const turns = new Map<string, number>()
  let wholeAtMs = -Infinity
  let fault: unknown

  function begin(kind?: string): void {
    const name = kind ?? ''
    if ((turns.get(name) ?? 0) >= mostTurns) return
    turns.set(name, (turns.get(name) ?? 0) + 1)
    const turn: Promise<void> = send(kind)
      .catch((error: unknown) => void (fault ??= error))
      .finally(() => {
        underWay.delete(turn)
        turns.set(name, (turns.get(name) ?? 1) - 1)
      })
    underWay.add(turn)
  }

  async function send(kind: string | undefined): Promise<void> {
    const current = app()
    await sendDue({
      db,
      clock,
      kind,
      stop: signal,
      signal: current.signal,
      path: await current.calls(),
      routeFor: (of, service) => routeForOf(app())(of, service),
      concurrency: callsPerTurn,
      onSent: tell,
      onTrouble: (error) => log.warn(messageOf(error)),
    })
  }

  function tell({ id, kind, operation, status, service, error }: Sent): void {
    const fields = { call: id, operation: `${kind}.${operation}`, service: service ?? undefined }
    if (status === 'done') return log.info('sent a call of the outbox', fields)
    const word = status === 'waiting' ? 'waits again' : `is ${status}`
    log.warn(`a call of the outbox ${word}${error ? `: ${error}` : ''}`, fields)
  }

  return {
    name: 'outbox',
    everyMs,
    async pass() {
      if (fault) {
        const met = fault
        fault = undefined
        throw met
      }
      const nowMs = clock.monotonicMs()
      if (nowMs - wholeAtMs >= wholeEveryMs) {
        wholeAtMs = nowMs
        return begin()
      }
      for (const kind of await kindsDue(db, clock.now())) begin(kind)
    },
    async stop() {
      await Promise.all(underWay)
    },
  }
}
