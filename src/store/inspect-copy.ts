/** Reads a copy from end to end in a thread of its own: on a large one that takes seconds, and others are to be served. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { CaravanError } from '../core/errors.ts'
import { stateError } from './errors.ts'

/** A key that secrets in a copy are sealed with. */
export type NeededKey = { id: string; label: string | null; createdAt: string }

/** What a copy of a state holds. */
export type CopyFacts = {
  /** `ok`, or what SQLite found first. */
  finding: string
  applicationId: number
  version: number
  instanceId: string | undefined
  /** Set by `backup`; undefined in a copy made in another way. */
  madeAt: string | undefined
  keys: NeededKey[]
  /** Rows of each table that has any, but for `meta`, in which a backup makes its own note. */
  rows: Record<string, number>
}

/** The tables whose rows are counted in a copy and in what it was made from. */
export const countedTables = `select name from sqlite_master where type = 'table'
  and name not like 'sqlite~_%' escape '~' and name <> 'meta' order by name`

/** Plain JavaScript that is handed over as text: the program is bundled, so a thread has no file of its own to load. */
const workText = `
const { parentPort, workerData } = require('node:worker_threads')
const Sqlite = require(workerData.addon)
let db
try {
  db = new Sqlite(workerData.path, { fileMustExist: true })
  const pages = (name) => db.pragma(name, { simple: true })
  if (workerData.isCompacted && pages('freelist_count') * 4 > pages('page_count')) db.exec('vacuum')
  const note = (key) => db.prepare('select value from meta where key = ?').pluck().get(key)
  const finding = db.pragma('integrity_check(1)', { simple: true })
  const tables = db.prepare(workerData.tables).pluck().all()
  const counts = tables.map((name) => [name, db.prepare('select count(*) from "' + name + '"').pluck().get()])
  const slots = db.prepare('select * from key_slots order by created_at').all()
  parentPort.postMessage({ facts: {
    finding,
    applicationId: db.pragma('application_id', { simple: true }),
    version: db.pragma('user_version', { simple: true }),
    instanceId: note('instance_id'),
    madeAt: note('backup_made_at'),
    keys: slots.map((slot) => ({ id: slot.id ?? slot.kek_id, label: slot.label ?? null, createdAt: slot.created_at })),
    rows: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  } })
} catch (error) {
  parentPort.postMessage({ fault: { message: error.message, code: error.code } })
} finally {
  if (db) db.close()
}`

type Answer = { facts: CopyFacts } | { fault: { message: string; code?: string } }

/**
 * Throws `state_damaged` and the like when a copy cannot be read at all; what is odd inside stands in the facts.
 * `isCompacted`: first gives back the space of a copy that is more than a quarter empty.
 */
export async function readCopy(
  path: string,
  { isCompacted = false }: { isCompacted?: boolean } = {},
): Promise<CopyFacts> {
  const answer = await inThread({ path, isCompacted, tables: countedTables })
  if ('facts' in answer) return answer.facts
  const { message, code } = answer.fault
  throw stateError(Object.assign(new Error(message), { code }), path)
}

async function inThread(data: object): Promise<Answer> {
  const addon = createRequire(import.meta.url).resolve('better-sqlite3')
  const worker = new Worker(workText, { eval: true, workerData: { ...data, addon } })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  } finally {
    await worker.terminate()
  }
}

/** Throws `state_damaged` unless the copy is whole and says which installation it is of. Returns that id. */
export function requireWhole(path: string, facts: CopyFacts): string {
  if (facts.finding === 'ok' && facts.instanceId !== undefined) return facts.instanceId
  throw damagedCopy(
    path,
    facts.finding === 'ok' ? 'it does not name its installation' : facts.finding,
  )
}

export const damagedCopy = (path: string, finding: string): CaravanError =>
  new CaravanError({
    code: 'state_damaged',
    message: `The copy ${path} did not pass its check: ${finding}`,
    hint: 'Nothing was replaced. Take an older backup, or look at the disk.',
  })

/** Of a whole file, in hexadecimal. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1_000_000, signal })) {
    digest.update(chunk as Buffer)
  }
  return digest.digest('hex')
}
