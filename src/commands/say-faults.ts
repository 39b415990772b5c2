import { counted } from '../core/words.ts'
import type { Io } from './output/io.ts'
import { say } from './output/print.ts'

/** Below a list that would otherwise pass for the whole of a file with faults. */
export function sayFaults(io: Io, faults: number): void {
  if (faults === 0) return
  say(io, `The config has ${counted(faults, 'fault')}. See them with "caravan config check".`)
}
