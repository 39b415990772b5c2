import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { openCallLog } from '../store/call-log.ts'
import { insertCalls } from '../store/calls.ts'
import { callLogPath } from '../store/files.ts'
import { callRow } from '../testing/call-rows.ts'
import { project } from '../testing/program.ts'
import { CleanReport } from '../app/answers/backup.ts'

it('says what would go, removes it, and has nothing left to do then', async () => {
  const { run, json, file } = await project()
  const log = await openCallLog(callLogPath(file('caravan.db')), { clock })
  const started_at = new Date(clock.now().getTime() - 40 * 86_400_000).toISOString()
  const rows = Array.from({ length: 300 }, (_, n) =>
    callRow(n, { request: 'x'.repeat(2000), ...(n < 200 && { started_at }) }),
  )
  const young = rows.map((row, n) =>
    n < 200 ? row : { ...row, started_at: clock.now().toISOString() },
  )
  await insertCalls(log.db, young)
  await log.close()

  const planned = await json('clean --dry-run')
  const text = await run('clean')
  const again = await json('clean')

  expect(CleanReport.parse(planned)).toMatchObject({ dry_run: true, rows: { calls: 200 } })
  expect(text).toMatchObject({ code: 0, err: '' })
  expect(text.out).toMatch(/removed +200 calls/)
  expect(text.out).toMatch(/of at most 2\.0 GB/)
  expect(CleanReport.parse(again)).toMatchObject({ dry_run: false, rows: { calls: 0 } })
})
