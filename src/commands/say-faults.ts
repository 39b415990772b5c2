import { counted } from '../core/words.ts'
import type { Io } from './output/io.ts'
import { say } from './output/print.ts'

/** Below a list that would otherwise pass for the whole of a file with faults. */
export function sayFaults(io: Io, faults: number): void {
  if (faults > 0) say(io, faultsLine(faults).trim())
}

/** The same as a line of its own; empty when there are none. */
export const faultsLine = (faults: number): string =>
  faults === 0
    ? ''
    : `\nThe config has ${counted(faults, 'fault')}. See them with "caravan config check".\n`
