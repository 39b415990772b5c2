/** A build of the program that can be killed at named places; see core/crash-point.ts. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { build } from '../../scripts/build.ts'
import type { CrashPoint } from '../core/crash-point.ts'
import { programPath, type RunOptions } from './program.ts'

export type CrashBuild = {
  /** How a program is started that is killed at that place, or the second or a later time it gets there. */
  at(point: CrashPoint, time?: number): Partial<RunOptions>
  remove(): Promise<void>
}

/** Takes about two seconds; whoever makes it removes it. */
export async function buildForCrashes(): Promise<CrashBuild> {
  const root = resolve(dirname(programPath()), '..')
  // Beside the other one, so that it finds the packages it does not hold.
  const home = await mkdtemp(join(dirname(root), 'caravan-crash-'))
  await cp(join(root, 'bin'), join(home, 'bin'), { recursive: true })
  await cp(join(root, 'package.json'), join(home, 'package.json'))
  await build(join(home, 'dist'), { forCrashes: true })
  return {
    at: (point, time = 1) => ({
      program: join(home, 'bin/caravan.js'),
      env: { CARAVAN_CRASH_AT: `${point}:${time}` },
    }),
    remove: () => rm(home, { recursive: true, force: true }),
  }
}
