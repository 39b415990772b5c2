import { expect, it } from 'vitest'
import { insertWaiting } from '../store/outbox.ts'
import { withAppIn } from '../testing/app.ts'
import { haierProject } from '../testing/program.ts'

it('a queued call: its id at once, pending, sent, and its answer', async () => {
  const { run, json } = await haierProject()

  const accepted = await run('call supplier.getBalance --queue')
  const id = accepted.out.trim()
  const pending = await run(`call result ${id} --wait 1s --json`)
  const status = await run('status')
  const sent = await json<{ calls: { status: string }[] }>('queue send')
  const done = await run(`call result ${id} --json`)

  expect(accepted.code).toBe(6)
  expect(accepted.out).toMatch(/^[0-9A-Z]{26}\n$/)
  expect(pending.code).toBe(8)
  expect(JSON.parse(pending.out)).toMatchObject({ id, status: 'pending', output: null })
  expect(status.out).toContain('Queue\n1 waiting')
  expect(sent.calls).toMatchObject([{ id, status: 'done' }])
  expect(done.code).toBe(0)
  expect(JSON.parse(done.out)).toMatchObject({ id, status: 'done', error: null })
  expect((await run('status')).out).not.toContain('Queue')
})

it('what may be sent twice, and what is dropped, wants a yes', async () => {
  const { run, folder } = await haierProject()
  const id = '01A00000000000000000000001'
  await withAppIn(folder, async (app) => {
    const { db } = await app.state()
    const at = new Date(Date.now() + 86_400_000)
    await insertWaiting(
      db,
      {
        id,
        kind: 'sms',
        operation: 'send',
        effect: 'message',
        service: null,
        input_hash: 'hash',
        idempotency_key: id,
        correlation_id: id,
        run_id: null,
        created_at: new Date().toISOString(),
        created_by: 'tester',
      },
      { input: '{"to":["+8618501234444"]}', recipients: [], nextAt: at, deadlineAt: at },
    )
    const unknown = { status: 'unknown' as const, finished_at: new Date().toISOString() }
    await db.updateTable('outbox').set(unknown).execute()
  })

  const followed = await run(`call result ${id}`)
  const unsaid = await run(`queue retry ${id}`)
  const retried = await run(`queue retry ${id} --yes`)
  const kept = await run(`queue drop ${id} --reason mistake`)
  const dropped = await run(`queue drop ${id} --reason mistake --yes`)
  const again = await run(`queue drop ${id} --reason mistake --yes`)

  expect(followed.code).toBe(6)
  expect(unsaid).toMatchObject({ code: 7, out: '' })
  expect(unsaid.err).toContain('may have been done already')
  expect(retried).toMatchObject({ code: 0, out: '' })
  expect(kept.code).toBe(7)
  expect(dropped.code).toBe(0)
  expect(again.code).toBe(1)
  expect(again.err).toContain('queue_settled')
})
