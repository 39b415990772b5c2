/** The two files of the state: whether they open, and how long their write-ahead files are. */
import { statSync } from 'node:fs'
import { callLogPath } from '../../store/files.ts'
import type { LookedAt } from '../../store/look.ts'
import { type Check, type Finding, findingOf, type Fix, NotLookedAt } from './check.ts'
import { openFiles } from './paths.ts'
import type { Patient } from './patient.ts'
import { sizeText } from './texts.ts'

/** Those that can be opened, whatever their version. */
export async function openable(patient: Patient): Promise<LookedAt[]> {
  const looks = await Promise.all(
    [patient.openState(), patient.openLog()].map((look: Promise<LookedAt>) =>
      look.catch(() => undefined),
    ),
  )
  const found: LookedAt[] = looks.filter((look) => look !== undefined)
  if (found.length === 0) throw new NotLookedAt('neither state nor call log can be opened')
  return found
}

export const state: Check = {
  id: 'state',
  title: 'State and call log',
  async run(patient) {
    const findings: Finding[] = []
    for (const open of [patient.openState, patient.openLog]) {
      try {
        findings.push(...ofVersion(await open()))
      } catch (error) {
        if (error instanceof NotLookedAt) continue
        findings.push(findingOf('state', error))
      }
    }
    await patient.statePath()
    return findings
  },
}

function ofVersion({ path, version, kind }: LookedAt): Finding[] {
  if (version === kind.version) return []
  return [
    {
      check: 'state',
      severity: 'note',
      what: `${path} is of version ${version}, and this program makes ${kind.version} of it when it next opens it`,
      why: 'a copy of the file is made first',
      mend: 'caravan status',
    },
  ]
}

const longBytes = 64 * 1024 ** 2

export const writeAhead: Check = {
  id: 'wal',
  title: 'Length of write-ahead files',
  async run(patient) {
    const path = await patient.statePath()
    const [main, log] = await Promise.all(
      [patient.openState(), patient.openLog()].map((look: Promise<LookedAt>) =>
        look.then(
          () => true,
          () => false,
        ),
      ),
    )
    return [...ofWriteAhead(path, main ?? false), ...ofWriteAhead(callLogPath(path), log ?? false)]
  },
}

/** One that belongs to another file, or to a newer caravan, must not be emptied into this one. */
function ofWriteAhead(path: string, isOurs: boolean): Finding[] {
  const bytes = sizeOf(`${path}-wal`)
  const isLong = bytes > longBytes || (bytes > sizeOf(path) && bytes > 16 * 1024 ** 2)
  if (!isLong) return []
  return [
    {
      check: 'wal',
      severity: 'warning',
      what: `${path}-wal has grown to ${sizeText(bytes)}`,
      why: `${holdersOf(`${path}-wal`)}; a process that reads for long keeps it from being emptied`,
      mend: isOurs ? 'caravan doctor --fix' : 'Mend first what keeps the file from being opened.',
      ...(isOurs && { fix: emptying(path) }),
    },
  ]
}

const emptying = (path: string): Fix => ({
  title: `emptied ${path}-wal`,
  async run() {
    const { emptyWriteAhead } = await import('../../store/empty-wal.ts')
    emptyWriteAhead(path)
  },
})

function holdersOf(path: string): string {
  const pids = openFiles().filter((open) => open.path === path && open.pid !== process.pid)
  const names = [...new Set(pids.map(({ pid }) => pid))].join(', ')
  return names ? `open in process ${names}` : 'no process is seen that has it open'
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
