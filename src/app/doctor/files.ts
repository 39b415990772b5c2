import { chmodSync, existsSync, lstatSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { keyFileName } from '../../config/secrets/find-key.ts'
import type { Check, Finding } from './check.ts'
import { isLeftover, ownFiles } from './leftovers.ts'
import { findLiterals } from './literals.ts'
import type { Patient } from './patient.ts'
import { cacheFolder, databaseFiles, isKeptCopy, namesIn, neighbours } from './paths.ts'
import { modeText, quoted } from './texts.ts'

const id = 'files'

export const files: Check = {
  id,
  title: 'Modes and owners of files',
  async run(patient) {
    const state = await patient.statePath().catch(() => undefined)
    const key = await keyPath(patient)
    const copies = (await neighbours(patient)).filter(isKeptCopy)
    const own = [...(state ? databaseFiles(state) : []), ...(key ? [key] : []), ...copies]
    const { CARAVAN_PASSPHRASE_FILE: passphrase } = patient.app.env
    const keys = [key, passphrase && resolve(passphrase)].filter((path) => path !== undefined)
    return [
      ...(await ofConfig(patient)),
      ...[...new Set([...own, ...keys])].flatMap((path) => ofPrivateFile(path, keys)),
      ...(state ? await ofStateFolder(dirname(state), own, patient) : []),
      ...ofCache(patient),
    ]
  },
}

/** The key file, if the key comes from one; systemd guards its credentials itself. */
async function keyPath(patient: Patient): Promise<string | undefined> {
  const { env } = patient.app
  if (env.CARAVAN_KEY) return undefined
  if (env.CARAVAN_KEY_FILE) return resolve(env.CARAVAN_KEY_FILE)
  const file = patient.configFile()
  if (file === undefined) return undefined
  const loaded = await patient.config().catch(() => undefined)
  return resolve(dirname(file), loaded?.config.key_file ?? keyFileName)
}

/** State, call log and key are for one user alone. */
function ofPrivateFile(path: string, keys: readonly string[]): Finding[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  // SQLite gives these two the mode and owner of the file that they belong to.
  const owner = statSync(path.replace(/-(?:wal|shm)$/, ''), { throwIfNoEntry: false })
  if (!stats?.isFile() || (owner && owner.ino !== stats.ino && owner.mode & 0o077)) return []
  return [
    ...(stats.mode & 0o077
      ? [
          openTo('problem', path, stats, 0o600, {
            what: `${path} can be used by other users (mode ${modeText(stats.mode)})`,
          }),
        ]
      : []),
    ...ofOwner(path, stats, keys.includes(path)),
  ]
}

async function ofConfig(patient: Patient): Promise<Finding[]> {
  const path = patient.configFile()
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
  if (path === undefined || !stats?.isFile()) return []
  const loaded = await patient.config().catch(() => undefined)
  const hasLiterals = loaded !== undefined && (await findLiterals(loaded.raw)).length > 0
  const mode = modeText(stats.mode)
  if (hasLiterals && stats.mode & 0o077) {
    return [
      openTo('problem', path, stats, 0o600, {
        what: `${path} can be read by other users (mode ${mode})`,
        why: 'secrets stand in it in clear',
      }),
    ]
  }
  // Many systems give each user a group of their own, and let it write.
  const isOwnGroup = stats.gid === stats.uid
  if (stats.mode & 0o002 || (stats.mode & 0o020 && !isOwnGroup)) {
    const isAll = Boolean(stats.mode & 0o002)
    return [
      openTo(isAll ? 'problem' : 'warning', path, stats, stats.mode & 0o755, {
        what: `${path} can be written by ${isAll ? 'every user' : 'its group'} (mode ${mode})`,
        why: 'whoever writes it decides where the credentials are sent',
      }),
    ]
  }
  return []
}

function ofOwner(path: string, stats: Stats, isKey: boolean): Finding[] {
  const user = process.geteuid?.()
  if (user === undefined || stats.uid === user) return []
  return [
    {
      check: id,
      // Root may use the state; what it makes beside it gets its owner. A key of another user is refused.
      severity: user === 0 && !isKey ? 'note' : 'problem',
      what: `${path} belongs to another user (uid ${stats.uid}, and caravan runs as uid ${user})`,
      mend:
        user === 0
          ? `Run caravan as that user: sudo -u '#${stats.uid}' caravan doctor`
          : `chown ${user} ${quoted(path)}`,
    },
  ]
}

/** A folder that holds nothing but caravan's files is its own, and as private as they are. */
async function ofStateFolder(folder: string, own: string[], patient: Patient): Promise<Finding[]> {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (!stats) return []
  const mode = modeText(stats.mode)
  const isSticky = Boolean(stats.mode & 0o1000)
  if (stats.mode & 0o022 && !isSticky && !(stats.gid === stats.uid && !(stats.mode & 0o002))) {
    return [
      openTo('problem', folder, stats, stats.mode & 0o755, {
        what: `the folder ${folder} can be written by other users (mode ${mode})`,
        why: 'they can put another state in the place of this one',
      }),
    ]
  }
  const known = new Set([...own, patient.configFile()].map((path) => path && basename(path)))
  const ours = await ownFiles(patient)
  const isOurs = namesIn(folder).every(
    (name) => known.has(name) || isLeftover(join(folder, name), ours),
  )
  if (!isOurs || !(stats.mode & 0o077)) return []
  return [
    openTo('warning', folder, stats, 0o700, {
      what: `the folder ${folder} holds only caravan's files and is open to other users (mode ${mode})`,
    }),
  ]
}

/** Compiled code lies there, and is run. */
function ofCache({ app }: Patient): Finding[] {
  const folder = cacheFolder(app.env)
  const stats = folder === undefined ? undefined : lstatSync(folder, { throwIfNoEntry: false })
  if (folder === undefined || !stats?.isDirectory() || !(stats.mode & 0o022)) return []
  return [
    openTo('problem', folder, stats, 0o700, {
      what: `the cache folder ${folder} can be written by other users (mode ${modeText(stats.mode)})`,
      why: 'compiled code of caravan is kept and run from there',
    }),
  ]
}

function openTo(
  severity: Finding['severity'],
  path: string,
  stats: Stats,
  mode: number,
  words: Pick<Finding, 'what' | 'why'>,
): Finding {
  const user = process.geteuid?.()
  const isOurs = user === stats.uid || user === 0
  const octal = (mode & 0o777).toString(8)
  return {
    check: id,
    severity,
    ...words,
    mend: `chmod ${octal} ${quoted(path)}`,
    ...(isOurs && {
      fix: { title: `chmod ${octal} ${path}`, run: () => changeMode(path, mode & 0o777) },
    }),
  }
}

function changeMode(path: string, mode: number): void {
  chmodSync(path, mode)
  for (const beside of [`${path}-wal`, `${path}-shm`]) {
    if (existsSync(beside)) chmodSync(beside, mode)
  }
}
