import { statSync } from 'node:fs'
import { callLogPath } from './files.ts'

/** In bytes; what is not there counts as 0. */
export type StateSizes = {
  state: number
  /** Committed, on its way into the state file. */
  stateWriteAhead: number
  calls: number
  callsWriteAhead: number
  total: number
}

export function stateSizes(statePath: string): StateSizes {
  const callsPath = callLogPath(statePath)
  const state = sizeOf(statePath)
  const stateWriteAhead = sizeOf(`${statePath}-wal`)
  const calls = sizeOf(callsPath)
  const callsWriteAhead = sizeOf(`${callsPath}-wal`)
  const total = state + stateWriteAhead + calls + callsWriteAhead
  return { state, stateWriteAhead, calls, callsWriteAhead, total }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
