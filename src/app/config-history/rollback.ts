import { rm } from 'node:fs/promises'
import { formatFaults } from '../../config/faults.ts'
import { isLocal, readConfig } from '../../config/load.ts'
import { readValueFile } from '../../config/sources.ts'
import { fillMasked } from '../../config/unmask.ts'
import { writeConfigFile } from '../../config/write.ts'
import { CaravanError } from '../../core/errors.ts'
import { type ConfigVersion, latestConfigVersion } from '../../store/config-versions.ts'
import type { RollbackResult } from '../answers/config.ts'
import type { App } from '../app.ts'
import { catalogue } from '../catalogue.ts'
import { readProjectConfig } from '../config.ts'
import { isWritten } from '../save-service.ts'
import { keepFormer } from '../keep-former.ts'
import { compare, type Compared, type Present, presentConfig, versionNamed } from './history.ts'
import { maskLoaded } from './mask-loaded.ts'
import { recordLoaded, recordWritten } from './record.ts'

export type RollbackPlan = Compared & {
  version: number
  /** What will be written. */
  text: string
  /** Of the file that was looked at; when it changes meanwhile nothing is written. */
  sha256: string
  notes: string[]
  /** The present file as its version will hold it; undefined when that does not bring the same file back. */
  wayBack: string | undefined
}

/**
 * What a rollback would write and change. Nothing is written. Throws `version_unknown`; `config_invalid` when today's
 * schemas do not accept the version; `version_incomplete` when it lacks secrets that the present file does not hold.
 */
export async function planRollback(app: App, name: string): Promise<RollbackPlan> {
  const { db } = await app.stateAsIs()
  const version = await versionNamed(db, name)
  const present = await presentConfig(app)
  const isReadable = present.tree !== undefined
  const filled = fillMasked(version.content, isReadable ? present : undefined)
  if (filled.missing.length > 0) throw incomplete(version, filled.missing)
  const notes = await checkVersion(app, version, filled.text)
  if (filled.maskedComments > 0) {
    const lines = filled.maskedComments === 1 ? '1 line' : `${filled.maskedComments} lines`
    notes.push(`${lines} of comments held a secret that was not kept; *** stands there now.`)
  }
  return {
    version: version.position,
    text: filled.text,
    sha256: present.sha256,
    notes,
    wayBack:
      isReadable && (await comesBack(app, present, filled.text)) ? present.masked : undefined,
    ...compare(
      { text: present.masked, tree: present.tree },
      { text: version.content, tree: version.parsed },
    ),
    differs: filled.text !== present.text,
  }
}

/** Writes it, unless the file has changed since the plan was made (`config_changed`). */
export async function rollBack(app: App, plan: RollbackPlan): Promise<RollbackResult> {
  const { version, notes, changes, differs, not_compared } = plan
  const result = { file: app.file(), version, notes, changes, not_compared, changed: differs }
  if (!differs) return { ...result, recorded_as: null, former: null }
  const { db } = await app.stateAsIs()
  // What is about to be replaced becomes a version too, so that the way back is open.
  const present = await readProjectConfig(app.file(), app.env).catch(() => undefined)
  if (present) await recordLoaded(app, db, present)
  const isKept = plan.wayBack !== undefined
  const isRecorded = isKept && (await latestConfigVersion(db))?.content === plan.wayBack
  // A broken file has no version, and secrets in clear are in none.
  const former = isRecorded ? null : await keepFormer(app.file(), 'before-rollback')
  try {
    await writeConfigFile(app.file(), plan.text, plan.sha256)
  } catch (error) {
    if (former !== null && !(await isWritten(app, plan.text))) await rm(former, { force: true })
    throw error
  }
  const recorded = await recordWritten(app)
  return { ...result, recorded_as: recorded?.position ?? null, former }
}

/** Whether a rollback from `text` to the version of the present file would give that file again, byte by byte. */
async function comesBack(app: App, present: Present, text: string): Promise<boolean> {
  if (present.masked === present.text) return true
  try {
    const { text: masked } = await maskLoaded({ text, file: app.file(), sha256: '' })
    return fillMasked(present.masked, { text, masked }).text === present.text
  } catch {
    return false
  }
}

/** Faults of the version as today's schemas see it; what only lacks a value now is a note. */
async function checkVersion(app: App, version: ConfigVersion, text: string): Promise<string[]> {
  const { env } = app
  const loaded = await readConfig(Buffer.from(text), app.file(), catalogue, {
    env,
    readFile: readValueFile,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  })
  const grave = loaded.faults.filter((fault) => !isLocal(fault))
  if (grave.length === 0) return loaded.faults.map((fault) => formatFaults(loaded.file, [fault]))
  throw new CaravanError({
    code: 'config_invalid',
    message: `version ${version.position} is not valid today; nothing was written:\n${formatFaults(loaded.file, grave)}`,
    hint: 'Lines are those of the version. Choose another one, or change the file by hand.',
    see: `caravan config diff ${version.position} now`,
  })
}

const incomplete = ({ position }: ConfigVersion, missing: string[]): CaravanError =>
  new CaravanError({
    code: 'version_incomplete',
    message:
      `version ${position} held secrets in clear, which are not kept, and the present file has no value for them:\n` +
      missing.map((path) => `  ${path}`).join('\n'),
    hint: 'Give these fields a placeholder or a value in the present file, then roll back again.',
  })
