/** A writer that begins a transaction on a state and then does nothing more until it is killed: locker-child.ts PATH. */
import { connect } from '../store/sqlite.ts'

const handle = connect(process.argv[2] ?? '', 'FULL')
handle.exec('begin immediate')
handle.exec("insert into meta (key, value) values ('locker', 'was here')")
process.stdout.write('locked\n')
process.stdin.resume()
setInterval(() => undefined, 60_000)
