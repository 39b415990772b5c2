/** The two files of a state, and what each is to SQLite. */
import { callLogMigrations, stateMigrations } from '../../migrations/index.ts'
import type { FileKind } from './inspect.ts'

export const stateFile: FileKind = {
  title: 'state',
  applicationId: 0x6372766e, // "crvn"
  version: stateMigrations.length,
}

export const callLogFile: FileKind = {
  title: 'call log',
  applicationId: 0x6372766c, // "crvl"
  version: callLogMigrations.length,
}

/** The call log of a state: `caravan.db` has `caravan.calls.db` beside it. */
export const callLogPath = (statePath: string): string =>
  statePath.endsWith('.db') ? `${statePath.slice(0, -3)}.calls.db` : `${statePath}.calls.db`
