/** Restores a backup into a folder of its own and uses it there as after a loss, without touching the real state. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { lookForKey, lookForNextKey } from '../config/secrets/find-key.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import { counted, utcText } from '../core/words.ts'
import { backupState } from '../store/backup.ts'
import { readCopy } from '../store/inspect-copy.ts'
import { listKeySlots } from '../store/keys.ts'
import { openState, type State } from '../store/open.ts'
import { draftRestore, placeRestored } from '../store/restore.ts'
import type { Rehearsal } from './answers/backup.ts'
import type { App } from './app.ts'
import type { CopyProgress } from './backup.ts'
import { slotOf } from './keys/unlock.ts'
import { openSecretStore } from './secret-store.ts'
import { placesOfSecrets, usersAt } from './secret-users.ts'

export type { Rehearsal }

type Check = Rehearsal['checks'][number]

/**
 * Restores `file`, or a backup that is made for it and removed, opens it with this program and tries what an operator
 * would need: every step is a check, and a step that fails ends what cannot go on without it. Throws only when a backup
 * could not be made, or when asked to stop; the folder is removed in any case.
 */
export async function rehearse(
  app: App,
  file: string | undefined,
  onProgress?: (progress: CopyProgress) => void,
): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-rehearsal-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove) // a second signal ends the process at once
  try {
    const backup = file ?? join(folder, 'backup.db')
    if (file === undefined) {
      const { clock, signal } = app
      await backupState(await app.state(), backup, { now: clock.now(), signal, onProgress })
    }
    const checks: Check[] = []
    await tryOut(app, backup, join(folder, 'caravan.db'), checks)
    app.signal.throwIfAborted()
    return { file: file ?? null, passed: checks.every(({ passed }) => passed), checks }
  } finally {
    process.removeListener('exit', remove)
    remove()
  }
}

async function tryOut(app: App, backup: string, path: string, checks: Check[]): Promise<void> {
  const run = <T>(check: string, work: () => Promise<[detail: string, value: T]>) =>
    step(app, checks, check, work)

  const restored = await run('content', async () => {
    const { facts } = placeRestored(await draftRestore(backup, path), path)
    const made = facts.madeAt ? `made at ${utcText(facts.madeAt)}` : 'not made by "caravan backup"'
    return [`whole and readable, version ${facts.version}, ${made}`, facts]
  })
  if (!restored) return
  const state = await run('opening', async () => {
    const opened = await openState(path, { clock: app.clock, instanceId: restored.instanceId })
    const { migrated } = opened
    const how = migrated ? `, brought from version ${migrated.from} to ${migrated.to}` : ''
    return [`installation ${opened.instanceId}${how}`, opened]
  })
  if (!state) return
  try {
    await run('rows', async () => {
      const { finding, rows } = await readCopy(path)
      if (finding !== 'ok') throw failed(finding)
      const lost = Object.keys(restored.rows).filter((table) => rows[table] === undefined)
      if (lost.length > 0) throw failed(`nothing is left in ${lost.join(', ')}`)
      const sum = Object.values(rows).reduce((total, count) => total + count, 0)
      return [`${sum} rows in ${Object.keys(rows).length} tables`, undefined]
    })
    await run('secrets', () => openSecrets(app, state))
    await run('config', () => checkConfig(app, state))
  } finally {
    await state.close()
  }
}

/** Undefined when it failed; a signal to stop is no finding. */
async function step<T>(
  app: App,
  checks: Check[],
  check: string,
  work: () => Promise<[detail: string, value: T]>,
): Promise<T | undefined> {
  app.signal.throwIfAborted()
  try {
    const [detail, value] = await work()
    checks.push({ check, passed: true, detail })
    return value
  } catch (error) {
    app.signal.throwIfAborted()
    if (!(error instanceof CaravanError)) throw error
    checks.push({ check, passed: false, detail: error.message })
    return undefined
  }
}

/** Every secret in the backup, with the key that is found here. No value leaves this function. */
async function openSecrets(
  app: App,
  { db, instanceId }: State,
): Promise<[detail: string, value: undefined]> {
  const { config } = await app.usableConfig()
  const { env, clock } = app
  const place = { env, configDir: dirname(app.file()), keyFile: config.key_file }
  const store = openSecretStore({ db, instanceId, clock, ...place })
  const secrets = await store.list()
  if (secrets.length === 0) return ['there are none in it', undefined]
  await refuseHalfRotated(db, place)
  const { source } = await store.key()
  const broken: string[] = []
  for (const { name } of secrets) {
    app.signal.throwIfAborted()
    await store.read(name).catch((error: unknown) => {
      broken.push(`${name}: ${messageOf(error)}`)
    })
  }
  if (broken.length > 0) throw failed(broken.join('; '))
  return [`all ${secrets.length} open with the key in ${source}`, undefined]
}

/** Unlocking would end that rotation, which changes key files: not what a rehearsal is for. */
async function refuseHalfRotated(
  db: State['db'],
  place: Parameters<typeof lookForKey>[0],
): Promise<void> {
  const credentialsDirectory = place.env.CREDENTIALS_DIRECTORY || undefined
  const { key, path } = await lookForKey({ ...place, credentialsDirectory })
  const next = path === undefined ? undefined : await lookForNextKey(path)
  const slots = await listKeySlots(db)
  if (slotOf(slots, key) || !slotOf(slots, next)) return
  throw failed('a rotation of the key was stopped half-way; "caravan key rotate" ends it')
}

/** What the config here needs of the backup: services this program knows, and the secrets they name. */
async function checkConfig(app: App, { db }: State): Promise<[detail: string, value: undefined]> {
  const { raw, config, faults } = await app.usableConfig()
  const services = Object.keys((raw.services as object | undefined) ?? {})
  const unknown = services.filter((name) => config.services[name] === undefined)
  if (unknown.length > 0) {
    throw failed(
      `unusable: ${unknown.join(', ')} (${counted(faults.length, 'fault')}; caravan config check)`,
    )
  }
  const rows = await db.selectFrom('secrets').select('name').execute()
  const stored = new Set(rows.map(({ name }) => name))
  const missing = [...placesOfSecrets(raw)].filter(([name]) => !stored.has(name))
  if (missing.length > 0) {
    const named = missing.map(([name, places]) => `${name} (${usersAt(places).join(', ')})`)
    throw failed(`secrets that the config names are not in it: ${named.join(', ')}`)
  }
  return [
    `${counted(services.length, 'service')} known, and every secret named there is in it`,
    undefined,
  ]
}

const failed = (message: string): CaravanError =>
  new CaravanError({ code: 'check_failed', message })
