/** Looking at a project that a test has broken, and doing what is said to mend it. */
import { spawnSync } from 'node:child_process'
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import type { DoctorAnswer, DoctorFinding } from '../app/answers/doctor.ts'
import { type DoctorOptions, examine } from '../app/doctor/index.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { withAppIn } from './app.ts'
import type { Project } from './program.ts'

export type Circumstances = DoctorOptions & {
  env?: Record<string, string>
  clock?: Clock
}

/** What doctor says, in this process. */
export const examined = (
  { folder }: Pick<Project, 'folder'>,
  { env, clock, ...options }: Circumstances = {},
): Promise<DoctorAnswer> => withAppIn(folder, (app) => examine(app, options), { env, clock })

/** What one check has found. */
export async function foundBy(
  check: string,
  home: Pick<Project, 'folder'>,
  circumstances?: Circumstances,
): Promise<DoctorFinding[]> {
  const { findings } = await examined(home, circumstances)
  return findings.filter((finding) => finding.check === check)
}

/** Does what the finding says. Throws when that cannot be done as it stands. */
export async function doAsTold(
  home: Project,
  { mend }: DoctorFinding,
  stdin?: string,
): Promise<void> {
  if (mend.startsWith('caravan ')) {
    const { code, err } = await home.run(mend.slice('caravan '.length), { stdin })
    if (code !== 0) throw new Error(`"${mend}" ended with ${code}: ${err}`)
    return
  }
  const { status, stderr } = spawnSync('sh', ['-c', mend], { cwd: home.folder })
  if (status !== 0) throw new Error(`"${mend}" ended with ${status}: ${String(stderr)}`)
}

/** Runs statements on a database of the project, as somebody with a SQLite tool would. */
export function byHand({ file }: Pick<Project, 'file'>, sql: string, name = 'caravan.db'): void {
  const db = new Sqlite(file(name))
  db.exec(sql)
  db.close()
}

/** Changes a piece of the config, as an editor would. */
export function rewrite(home: Project, from: string, to: string): void {
  const before = home.read('integrations.yaml')
  expect(before).toContain(from)
  home.write(
    'integrations.yaml',
    before.replace(from, () => to),
  )
}

const dayMs = 86_400_000

/** An instant so many days back. */
export const daysAgo = (days: number): string => new Date(Date.now() - days * dayMs).toISOString()

/** The clock as it will be; back with a negative number. */
export const daysLater = (days: number): Clock => ({
  ...systemClock,
  now: () => new Date(Date.now() + days * dayMs),
})
