import { decodeConfig, parseConfig } from '../../config/document.ts'
import { unifiedDiff } from '../../config/line-diff.ts'
import { maskBroken, withoutMark } from '../../config/mask.ts'
import { type KeyChange, treeChanges } from '../../config/tree-diff.ts'
import { maskedPaths } from '../../config/unmask.ts'
import { readConfigFile, sha256Of } from '../../config/write.ts'
import { CaravanError } from '../../core/errors.ts'
import {
  type ConfigVersion,
  findConfigVersion,
  latestConfigVersion,
  listConfigVersions,
} from '../../store/config-versions.ts'
import type { Db } from '../../store/schema.ts'
import type { ConfigDiff, ConfigVersionInfo, DiffSide } from '../answers/config.ts'
import type { App } from '../app.ts'
import { catalogue } from '../catalogue.ts'
import { maskLoaded } from './mask-loaded.ts'

/** Versions of the file that were loaded, the newest first. The file as it is now is one of them, if it can be read. */
export async function listHistory(app: App, limit: number): Promise<ConfigVersionInfo[]> {
  const { db } = await app.state().catch((error: unknown) => {
    if (error instanceof CaravanError && error.code === 'config_unreadable') return app.stateAsIs()
    throw error
  })
  const versions = await listConfigVersions(db, { limit })
  return versions.map((version) => ({
    version: version.position,
    loaded_at: version.loadedAt,
    by: version.loadedBy,
    command: version.command,
    faults: version.faults,
    summary: version.summary,
  }))
}

/** Compares two versions, by number or `now`. Left out: the last recorded version, and the file as it is now. */
export async function diffConfig(app: App, from?: string, to = 'now'): Promise<ConfigDiff> {
  // As it is: a command that recorded the file first would find nothing to compare it with.
  const { db } = await app.stateAsIs()
  const older = await sideOf(app, db, from ?? 'latest')
  const newer = await sideOf(app, db, to)
  return { from: older.side, to: newer.side, ...compare(older, newer) }
}

export type Content = { text: string; tree: unknown }

export type Compared = Pick<ConfigDiff, 'differs' | 'changes' | 'lines' | 'not_compared'>

/** Both ways of looking at what differs. Two broken files, or a broken one, have no keys to compare. */
export function compare(older: Content, newer: Content): Compared {
  const masked = new Set(maskedPaths(older.tree))
  const isKnown = older.tree !== undefined && newer.tree !== undefined
  return {
    differs: older.text !== newer.text,
    changes: isKnown ? treeChanges(older.tree, newer.tree).map(toAnswer) : null,
    lines: unifiedDiff(withoutMark(older.text), withoutMark(newer.text)),
    not_compared: maskedPaths(newer.tree).filter((path) => masked.has(path)),
  }
}

const toAnswer = ({ path, change, before = null, after = null }: KeyChange) => ({
  path,
  change,
  before,
  after,
})

async function sideOf(app: App, db: Db, name: string): Promise<Content & { side: DiffSide }> {
  if (name === 'now') {
    const { masked, tree } = await presentConfig(app)
    return { text: masked, tree, side: { version: null, loaded_at: null, by: null } }
  }
  const version = name === 'latest' ? await latestConfigVersion(db) : await versionNamed(db, name)
  if (!version) throw noVersions()
  const { position, loadedAt, loadedBy, content, parsed } = version
  const side = { version: position, loaded_at: loadedAt, by: loadedBy }
  return { text: content, tree: parsed, side }
}

export type Present = {
  text: string
  sha256: string
  /** Without secrets. */
  masked: string
  /** Without secrets; undefined when the file is no YAML. */
  tree: unknown
}

/** The file as it is now, whatever is wrong inside. */
export async function presentConfig(app: App): Promise<Present> {
  const file = app.file()
  const bytes = await readConfigFile(file)
  const sha256 = sha256Of(bytes)
  const text = decodeConfig(bytes, file)
  try {
    parseConfig(withoutMark(text), file)
  } catch {
    return { text, sha256, masked: await maskBroken(text, catalogue), tree: undefined }
  }
  const { text: masked, tree } = await maskLoaded({ text, file, sha256 })
  return { text, sha256, masked, tree }
}

/** Throws `version_unknown`, or `usage` for what is no number. */
export async function versionNamed(db: Db, name: string): Promise<ConfigVersion> {
  const number = Number(name)
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new CaravanError({
      code: 'usage',
      message: 'a version is a number from 1, or "now" for the file as it is',
      hint: '"caravan config history" lists them.',
    })
  }
  const version = await findConfigVersion(db, number)
  if (version) return version
  const latest = await latestConfigVersion(db)
  if (!latest) throw noVersions()
  throw new CaravanError({
    code: 'version_unknown',
    message: `there is no version ${number}; the latest is ${latest.position}`,
    hint: '"caravan config history" lists them.',
  })
}

const noVersions = (): CaravanError =>
  new CaravanError({
    code: 'version_unknown',
    message: 'no version of the config has been recorded yet',
    hint: 'Every command that opens the state records the file when it has changed, such as "caravan list".',
  })
