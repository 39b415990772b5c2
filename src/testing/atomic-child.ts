/**
 * Writes a file that never ends and prints a line once part of it is written; with a uid it becomes that user, writes a
 * short file and prints how that went. Usage: atomic-child.ts <path> [uid]
 */
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { writeFileAtomically } from '../formats/atomic-file.ts'

const [path = '', uid] = process.argv.slice(2)
if (uid) process.setuid?.(Number(uid))

async function* pieces(): AsyncGenerator<string> {
  for (let count = 0; ; count += 1) {
    yield 'x'.repeat(65_536)
    if (count === 2) {
      process.stdout.write('writing\n')
      await systemClock.sleep(600_000)
    }
  }
}

try {
  await writeFileAtomically(path, uid ? ['whole'] : pieces())
  process.stdout.write('written\n')
} catch (error) {
  process.stdout.write(`${messageOf(error)}\n`)
}
