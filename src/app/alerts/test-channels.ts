/** Sends one message for real to each channel: the only proof that people are told. */
import { CaravanError, exitOf, IntegrationError, messageOf } from '../../core/errors.ts'
import type { Exit } from '../../core/exit-codes.ts'
import { noteDelivered, noteUndelivered } from '../../store/alert-channels.ts'
import { thisProcess } from '../../store/process-identity.ts'
import type { ChannelTest } from '../answers/alerts.ts'
import type { App } from '../app.ts'
import { operatorName } from '../operator.ts'
import { sendAlert } from './send.ts'

export type ChannelTests = { rows: ChannelTest[]; exit: Exit; errors: unknown[] }

/**
 * One channel that is named, which need not be among those of the config yet, or all of them side by side. A channel
 * that failed is in the answer. Throws `no_service` when there is none.
 */
export async function testChannels(app: App, named: string | undefined): Promise<ChannelTests> {
  const { channels } = (await app.usableConfig()).config.alerts
  const wanted = named === undefined ? [...new Set(channels)] : [named]
  if (wanted.length === 0) throw noChannel()
  const tested = await Promise.all(wanted.map((channel) => testOne(app, channel, channels)))
  const errors = tested.flatMap(({ error }) => (error === undefined ? [] : [error]))
  return { rows: tested.map(({ row }) => row), exit: exitFor(errors, tested.length), errors }
}

async function testOne(
  app: App,
  channel: string,
  channels: readonly string[],
): Promise<{ row: ChannelTest; error?: unknown }> {
  const { db } = await app.state()
  const begunMs = app.clock.monotonicMs()
  const took = () => Math.round(app.clock.monotonicMs() - begunMs)
  try {
    await sendAlert(app, channel, messageFrom(app, channel), app.signal, { isTrial: true })
  } catch (error) {
    const isWrongName = error instanceof CaravanError && !channels.includes(channel)
    if (app.signal.aborted || isWrongName) throw error
    const row = { channel, delivered: false, duration_ms: took(), error: told(error) }
    if (channels.includes(channel)) {
      // What it has to tell does not wait for that: the next message may arrive.
      const failure = { error: messageOf(error), now: app.clock.now(), waitMs: () => 0 }
      await noteUndelivered(db, channel, failure)
    }
    return { row, error }
  }
  const row = { channel, delivered: true, duration_ms: took(), error: null }
  if (channels.includes(channel)) await noteDelivered(db, channel, app.clock.now())
  return { row }
}

const messageFrom = (app: App, channel: string) => ({
  title: 'Test of alerts',
  text: `${operatorName(app.env)} on ${thisProcess().host} has tried whether alerts arrive through ${channel}. They do. There is nothing to do.`,
  level: 'info' as const,
})

function told(error: unknown): ChannelTest['error'] {
  const known = error instanceof IntegrationError || error instanceof CaravanError ? error : null
  const kind = error instanceof IntegrationError ? error.kind : undefined
  return {
    code: known?.code ?? kind ?? 'internal',
    message: messageOf(error),
    hint: known?.hint ?? null,
  }
}

/** All of one sort is that sort; some delivered is partial. Told twice is harmless, so a doubt is a failure. */
function exitFor(errors: readonly unknown[], asked: number): Exit {
  if (errors.length === 0) return 'done'
  if (errors.length < asked) return 'partial'
  const exits = new Set(errors.map(exitOf).map((exit) => (exit === 'unsettled' ? 'failed' : exit)))
  const [only = 'failed'] = exits
  return exits.size === 1 ? only : 'failed'
}

const noChannel = (): CaravanError =>
  new CaravanError({
    code: 'no_service',
    message: 'no channel is named, so nobody is told of alerts',
    hint: 'Add a service of kind alert ("caravan adapters" lists them) and name it in the config: alerts: { channels: [<service>] }',
  })
