/** A process of its own that reads from a state until it is killed: node reader-child.ts PATH. Prints "reading". */
import Sqlite from 'better-sqlite3'
import { systemClock } from '../core/clock.ts'

const handle = new Sqlite(process.argv[2])
handle.exec('begin')
handle.prepare('select count(*) from meta').get()
process.stdout.write('reading\n')
await systemClock.sleep(600_000)
handle.close() // named here, or it could be collected before
