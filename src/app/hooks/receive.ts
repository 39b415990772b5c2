/** Takes what vendors send to us: whose it is, whether it is genuine, written down, and only then answered. */
import { makeRangeCheck } from '../../core/address-range.ts'
import type { Clock } from '../../core/clock.ts'
import type { HookEvent, HookReader, HookReply, HookRequest } from '../../core/hook.ts'
import type { Log } from '../../core/log.ts'
import { sha256 } from '../../core/sha256.ts'
import type { NewHook } from '../../store/hook-events.ts'
import type { App } from '../app.ts'
import { serviceEntry } from '../service.ts'
import { hideTokens } from '../token-text.ts'
import { intakeOf } from './intake.ts'
import { countRefused } from './refused.ts'
import { worthKeeping } from './unproven.ts'

export type ReceiveOptions = {
  /** Told of every refusal, and of what could not be stored; never of a body. */
  log?: Log
}

/**
 * Checks, reads and stores what a vendor sent, and gives the answer in the vendor's form; never throws. What it sent
 * before is answered in the same way and counted. 404: there is nothing of that name that takes webhooks; 403 or as the
 * vendor wants it: refused; 503: it could not be stored, and the vendor is to send it again.
 */
export async function receiveHook(
  app: App,
  service: string,
  request: HookRequest & { from: string },
  { log }: ReceiveOptions = {},
): Promise<HookReply> {
  const about = { service: hideTokens(service), from: request.from } // anybody may call any name
  let reader: Reader | undefined
  try {
    reader = await readerOf(app, service)
    if (!reader) {
      countRefused('')
      log?.warn('a webhook was refused', { ...about, why: 'no such service takes webhooks' })
      return { status: 404, text: 'not found' }
    }
    const why = refusalOf(reader, request.from)
    if (why !== undefined) {
      countRefused(service)
      log?.warn('a webhook was refused', { ...about, why })
      return failureIn(reader, app.clock, 403)
    }
    const reading = reader.read(request)
    if (reading.verdict === 'refused') {
      countRefused(service)
      log?.warn('a webhook was refused', { ...about, why: reading.why })
      return reading.reply
    }
    const { db } = await app.state()
    const { events } = reading
    const kept = reader.hooks.proof === 'none' ? await worthKeeping(db, service, events) : events
    if (kept.length < events.length) {
      const left_out = events.length - kept.length
      log?.warn('receipts of messages that nobody sent were left out', { ...about, left_out })
    }
    await intakeOf(db, app.clock).store(kept.map((event) => toNewHook(service, event)))
    return reading.reply
  } catch (error) {
    log?.error('a webhook could not be taken; the vendor will send it again', { ...about, error })
    const reply = failureIn(reader, app.clock, 503)
    return { ...reply, headers: { 'retry-after': '5' } }
  }
}

type Reader = {
  hooks: HookReader<unknown>
  allowFrom: readonly string[] | undefined
  read(request: HookRequest): ReturnType<HookReader<unknown>['read']>
}

/**
 * Of a service that is switched off too: what is told concerns what was sent while it was on, as a receipt of yesterday's
 * message. Undefined: there is no such service, or its vendor sends nothing. Throws what is wrong with its config.
 */
async function readerOf(app: App, name: string): Promise<Reader | undefined> {
  const loaded = await app.usableConfig()
  if (!Object.hasOwn(loaded.config.services, name) && !hasFault(loaded.faults, name)) return
  const settings = serviceEntry(loaded, name).hooks
  const { adapter, config } = await app.service(name)
  const hooks = adapter.hooks as HookReader<unknown> | undefined
  if (!hooks) return undefined
  return {
    hooks,
    allowFrom: settings?.allow_from ?? hooks.addresses,
    read: (request) =>
      hooks.read(request, { config, clock: app.clock, windowMs: settings?.window }),
  }
}

/** One that stands in the file and cannot be read: what is sent to it is wanted, once the file is in order again. */
const hasFault = (faults: readonly { path: readonly unknown[] }[], name: string): boolean =>
  faults.some(({ path }) => path[0] === 'services' && path[1] === name)

function refusalOf({ allowFrom }: Reader, from: string): string | undefined {
  if (!allowFrom || rangeCheck(allowFrom)(from)) return undefined
  return 'the address is none of those its webhooks may come from'
}

const checks = new WeakMap<readonly string[], (address: string) => boolean>()

/** Made once for each list. */
function rangeCheck(ranges: readonly string[]): (address: string) => boolean {
  const known = checks.get(ranges) ?? makeRangeCheck(ranges)
  checks.set(ranges, known)
  return known
}

const failureIn = (reader: Reader | undefined, clock: Clock, status: number): HookReply => ({
  status,
  ...reader?.hooks.failure?.(clock),
})

/** An id that a stranger can make as long as he likes is kept as its hash. */
const longestId = 200

const toNewHook = (service: string, { id, type, at, data }: HookEvent): NewHook => ({
  service,
  eventId: id.length > longestId || id.includes('\0') ? `sha256:${sha256(id)}` : id,
  type: type.slice(0, longestId).replaceAll('\0', ''),
  at,
  data,
})
