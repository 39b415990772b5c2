/** Webhooks for operators: what came, what became of it, and handling it again. */
import { maskByName, maskPersonal } from '../../calls/mask.ts'
import { parseDuration } from '../../config/durations.ts'
import { CaravanError } from '../../core/errors.ts'
import { parseInstant } from '../../core/parse-instant.ts'
import { listHooks, requireHook, type StoredHook } from '../../store/hook-events.ts'
import type { HookAddress, HookDetails, HookInfo, ReplayedHooks } from '../answers/hooks.ts'
import type { App } from '../app.ts'
import { unknownService } from '../catalogue.ts'
import { handleOne, readerFor } from './handle.ts'

export type HookQuery = {
  service?: string
  status?: HookInfo['status']
  since?: string
  limit: number
}

/** The newest first. Throws `service_unknown` for a name that nothing ever came for. */
export async function showHooks(app: App, query: HookQuery): Promise<HookInfo[]> {
  const { db } = await app.state()
  const since = query.since === undefined ? undefined : instantOf(app, query.since)
  const rows = await listHooks(db, { ...query, since })
  if (rows.length === 0 && query.service) await refuseUnknown(app, query.service)
  return rows.map(infoOf)
}

/** By id or its beginning. Throws `hook_unknown`. */
export async function showHook(app: App, id: string): Promise<HookDetails> {
  const row = await requireHook((await app.state()).db, id)
  const data: unknown = JSON.parse(JSON.stringify(JSON.parse(row.data), maskByName))
  return { ...infoOf(row), data }
}

/**
 * Handles events once more, whatever became of them. What they have changed already they do not change again. Throws
 * `hook_unknown` before anything is done.
 */
export async function replayHooks(app: App, ids: readonly string[]): Promise<ReplayedHooks> {
  const { db } = await app.state()
  const rows: StoredHook[] = []
  for (const id of ids) {
    const row = await requireHook(db, id)
    if (!rows.some((one) => one.id === row.id)) rows.push(row)
  }
  const hooks: ReplayedHooks['hooks'] = []
  for (const row of rows) {
    const readers = new Map([[row.service, await readerFor(app, row.service)]])
    const handled = await handleOne({ app, db, readers }, row)
    const { id, status, outcome, error, handled_at } = await requireHook(db, row.id)
    const isAsBefore = status === 'handled' && handled_at === row.handled_at
    const said = handled?.said ?? 'another process has it'
    const replay = isAsBefore ? `nothing changed: ${said}` : said
    hooks.push({ id, was: row.status, status, replay, outcome, error })
  }
  return { hooks }
}

/** Of every service whose vendor sends webhooks. */
export async function hookAddresses(app: App): Promise<HookAddress[]> {
  const { config } = await app.usableConfig()
  const rows: HookAddress[] = []
  for (const [service, entry] of Object.entries(config.services)) {
    const reader = await readerFor(app, service)
    if (!reader) continue
    rows.push({
      service,
      adapter: entry.adapter,
      path: `/hooks/${service}`,
      proof: reader.proof ?? 'signature',
      allow_from: entry.hooks?.allow_from ?? (reader.addresses ? [...reader.addresses] : null),
    })
  }
  return rows
}

const infoOf = (row: StoredHook): HookInfo => ({
  id: row.id,
  service: row.service,
  type: row.type,
  event_id: withoutNumbers(row),
  status: row.status,
  at: row.at,
  received_at: row.received_at,
  handled_at: row.handled_at,
  repeats: row.repeats,
  tries: row.tries,
  next_at: row.next_at,
  outcome: row.outcome,
  error: row.error,
})

/** Some vendors have no other id of a receipt than the message and the number it was sent to. */
function withoutNumbers({ event_id: id, data }: StoredHook): string {
  const { to, from } = JSON.parse(data) as { to?: unknown; from?: unknown }
  return [to, from]
    .filter((each) => typeof each === 'string' && each !== '')
    .flatMap((each) => [String(each), String(each).replaceAll(/\D/g, '')])
    .filter(Boolean)
    .reduce((text, number) => text.replaceAll(number, maskPersonal(number)), id)
}

async function refuseUnknown(app: App, service: string): Promise<void> {
  const names = (await app.overview()).services.map(({ name }) => name)
  if (!names.includes(service)) throw unknownService(service, names)
}

/** `2h` is two hours ago; anything else is an instant, in the local zone unless it names one. */
function instantOf(app: App, text: string): Date {
  const ago = parseDuration(text)
  if (ago !== undefined) return new Date(app.clock.now().getTime() - ago)
  const at = parseInstant(text, 'local')
  if (at) return at
  throw new CaravanError({
    code: 'usage',
    message: `--since ${text} is neither a time nor a duration`,
    hint: 'Write it like 2h, 3d, 2026-11-21 or 2026-11-21T08:00.',
  })
}
