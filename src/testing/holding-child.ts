/** A process of its own that holds the write lock of a state: holding-child.ts PATH. Commits a moment after it said "in". */
import Sqlite from 'better-sqlite3'
import { systemClock } from '../core/clock.ts'

const [path = ''] = process.argv.slice(2)
const db = new Sqlite(path, { fileMustExist: true })
db.exec('begin immediate')
db.exec("insert into meta (key, value) values ('held', 'yes')")
process.stdout.write('in\n')
await systemClock.sleep(500)
db.exec('commit')
process.stdout.write('out\n')
db.close()
