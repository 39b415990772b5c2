/** A process that reads or cleans a call log while a test fills it: node retention-child.ts WAY LOG_PATH … */
import { systemClock as clock } from '../core/clock.ts'
import { openCallLog } from '../store/call-log.ts'
import { deleteCallsBefore } from '../store/calls.ts'
import { type CallCursor, listCalls } from '../store/list-calls.ts'

const [way = '', path = '', argument = ''] = process.argv.slice(2)

const ways: Record<string, () => Promise<void>> = {
  /** Pages from the newest call to the oldest, again and again; tells of each round how many it saw, or what was wrong. */
  async page() {
    const { db } = await openCallLog(path, { clock })
    for (;;) {
      let seen = 0
      let before: CallCursor | undefined
      do {
        const page = await listCalls(db, {}, { limit: 200, before })
        for (const { id, started_at, request } of page.calls) {
          const isInOrder = !before || started_at < before.started_at || id < before.id
          if (!isInOrder || !request?.includes(id)) process.stdout.write(`wrong ${id}\n`)
          before = { started_at, id }
        }
        seen += page.calls.length
        before = page.next
        await clock.sleep(2)
      } while (before)
      process.stdout.write(`${seen}\n`)
    }
  },
  /** Holds one view of the log for so many milliseconds after another; all of it must stay the same for that long. */
  async hold() {
    const { db } = await openCallLog(path, { clock })
    const reader = (await import('better-sqlite3')).default(path, { readonly: true })
    const count = reader.prepare<[], { n: number; bytes: number }>(
      'select count(*) as n, sum(length(request)) as bytes from calls',
    )
    for (;;) {
      reader.exec('begin')
      const first = JSON.stringify(count.get())
      await clock.sleep(Number(argument))
      const last = JSON.stringify(count.get())
      reader.exec('rollback')
      process.stdout.write(first === last ? `${first}\n` : `wrong ${first} ${last}\n`)
      await clock.sleep(Number(argument) / 4)
      await db.selectFrom('last_calls').selectAll().execute()
    }
  },
  /** Opens the log and closes it, again and again; tells when that was refused. */
  async open() {
    for (;;) {
      await openCallLog(path, { clock }).then(
        (file) => file.close(),
        (error: unknown) => process.stdout.write(`wrong ${String(error)}\n`),
      )
      process.stdout.write('opened\n')
      await clock.sleep(2)
    }
  },
  /** Deletes calls before an instant, a few at a time, and tells when it is done. */
  async clean() {
    const { db } = await openCallLog(path, { clock })
    process.stdout.write('begins\n')
    await deleteCallsBefore(db, new Date(argument), { batchSize: 20 })
    process.stdout.write('done\n')
  },
}

await ways[way]?.()
