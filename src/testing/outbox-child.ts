/**
 * A process that makes calls or works off the outbox: node outbox-child.ts WAY STATE URL KILL_AT … It kills itself at
 * the point that is named: open, begun, answered.
 */
import { createCallLog } from '../calls/log.ts'
import { sendDue } from '../calls/outbox.ts'
import { createCallPath } from '../calls/path.ts'
import { systemClock as clock } from '../core/clock.ts'
import { openCallLog } from '../store/call-log.ts'
import { callLogPath } from '../store/files.ts'
import { openState } from '../store/open.ts'
import { noteRoute, noteService } from './note-adapter.ts'

const [way = '', statePath = '', url = '', killAt = '', ...rest] = process.argv.slice(2)

const dieAt = (point: string) => (): void => {
  if (killAt === point) process.kill(process.pid, 'SIGKILL')
}

const { db, close } = await openState(statePath, { clock })
const file = await openCallLog(callLogPath(statePath), { clock })
const log = createCallLog(file.db, clock)
const path = createCallPath({
  db,
  log,
  clock,
  random: () => 0,
  onTrouble: (error) => print(`trouble ${String(error)}`),
})
const service = noteService(url, { stops: { begun: dieAt('begun'), answered: dieAt('answered') } })
const route = noteRoute([service])
for (const candidate of route.candidates) {
  const { open } = candidate
  candidate.open = async () => {
    dieAt('open')()
    return open()
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const ways: Record<string, () => Promise<void>> = {
  /** OPERATION KEY TEXT: one call, made directly. */
  async call() {
    const [operation = '', idempotencyKey = '', text = ''] = rest
    const told = await path.ask(route, operation, { to: ['a'], text }, { idempotencyKey }).then(
      ({ id, outcome }) => `${outcome} ${id}`,
      (error: unknown) => `${(error as { outcome?: string }).outcome ?? 'error'} ${String(error)}`,
    )
    print(told)
  },
  /** Works off what is due until nothing waits, and again when it was another process that held it. */
  async send() {
    const signal = new AbortController().signal
    const options = { db, clock, path, signal, routeFor: async () => route }
    for (;;) {
      await sendDue({ ...options, onSent: ({ id, status }) => print(`${id} ${status}`) })
      const open = await db
        .selectFrom('outbox')
        .select('id')
        .where('status', 'in', ['waiting', 'sending'])
        .execute()
      if (open.length === 0) break
      await clock.sleep(5)
    }
    print('nothing waits')
  },
}

print('begins')
await ways[way]?.()
await log.close()
await file.close()
await close()
