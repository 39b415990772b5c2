import { lstatSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import type { Check, Finding } from './check.ts'
import { cacheFolder, isKeptCopy, linkOf, namesIn, neighbours, openFiles } from './paths.ts'
import { dayMs, instantText, quoted, sizeText } from './texts.ts'

const id = 'leftovers'

export const leftovers: Check = {
  id,
  title: 'Files left over',
  async run(patient) {
    const nowMs = patient.now.getTime()
    const cache = cacheFolder(patient.app.env)
    const cached = cache ? namesIn(cache).map((name) => join(cache, name)) : []
    const paths = [...(await neighbours(patient)), ...cached.filter((path) => isDraftOf(path))]
    const drafts = paths.filter((path) => isLeftover(path) && isStale(path, nowMs))
    const opened = drafts.length > 0 ? openPaths() : new Set<string>()
    return [
      ...drafts.flatMap((path) => ofLeftover(path, opened)),
      ...paths.filter(isKeptCopy).flatMap((path) => ofCopy(path, nowMs)),
    ]
  },
}

const ulid = '[0-9A-HJKMNP-TV-Z]{26}'

/** What the program writes beside a file before it gets its name, and a kill leaves behind. */
const patterns: readonly RegExp[] = [
  /^\..+\.[0-9a-f]{8}\.part$/, // any file written by formats/atomic-file.ts
  new RegExp(`\\.(?:new|restored|part)-${ulid}(?:-wal|-shm|-journal)?$`), // store: create, restore, backup
  /\.before-\d+\.part(?:-journal)?$/, // store: migrate
  /-note\.\d+$/, // store: leftover-wal
  /^config-[0-9a-f]{16}\.json\.\d+$/, // app: overview
  /^\..+\.(?:tmp|lock)$/, // config: write
]

export const isLeftover = (path: string): boolean =>
  patterns.some((pattern) => pattern.test(basename(path)))

const isDraftOf = (path: string): boolean => basename(path).startsWith('config-')

const staleMs = 3_600_000

function isStale(path: string, nowMs: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isDirectory() && nowMs - stats.mtimeMs >= staleMs
}

function ofLeftover(path: string, opened: ReadonlySet<string>): Finding[] {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats || isHeld(path) || opened.has(path)) return []
  const size = stats.isSymbolicLink() ? '' : `, ${sizeText(stats.size)}`
  return [
    {
      check: id,
      severity: 'warning',
      what: `${path} was left by a process that was killed (${instantText(stats.mtime)}${size})`,
      mend: `rm ${quoted(path)}`,
      fix: {
        title: `removed ${path}`,
        run() {
          if (!isHeld(path) && !openPaths().has(path)) rmSync(path, { force: true })
        },
      },
    },
  ]
}

const keptMs = 30 * dayMs

function ofCopy(path: string, nowMs: number): Finding[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats || nowMs - stats.mtimeMs < keptMs) return []
  const origin = path.includes('.replaced') ? 'a restore' : 'an upgrade'
  return [
    {
      check: id,
      severity: 'note',
      what: `${path} is the state as it was before ${origin} (${instantText(stats.mtime)}, ${sizeText(stats.size)})`,
      why: 'nothing reads it any more, and it holds what the state held',
      mend: `rm ${quoted(path)}`,
    },
  ]
}

/** Whether the process that the name or the link speaks of still runs. */
function isHeld(path: string): boolean {
  const pid = Number(/\.(\d+)$/.exec(path)?.[1] ?? linkOf(path))
  if (!pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** Where the system does not tell, the age of a file must be enough. */
const openPaths = (): Set<string> => new Set(openFiles().map(({ path }) => path))
