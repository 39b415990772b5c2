/**
 * A place at which a test has the process killed, as if the power had failed right there: `CARAVAN_CRASH_AT=name`, or
 * `name:3` for the third time it is passed. Only a build made for that knows of it: scripts/build.ts takes the rest of
 * this function out of every other one.
 */
export function crashPoint(name: CrashPoint): void {
  if (process.env.CARAVAN_TEST_BUILD !== 'yes') return
  const [wanted, time = '1'] = (process.env.CARAVAN_CRASH_AT ?? '').split(':')
  if (wanted !== name || ++passed < Number(time)) return
  process.kill(process.pid, 'SIGKILL')
}

export type CrashPoint =
  | 'after-claim'
  | 'after-start'
  | 'before-commit'
  | 'in-checkpoint'
  | 'after-commit'
  | 'before-request'
  | 'after-request'
  | 'in-migration'
  | 'before-rename'
  | 'after-rename'

let passed = 0
