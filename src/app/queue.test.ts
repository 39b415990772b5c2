import { expect, it } from 'vitest'
import { insertWaiting, type NewEntry } from '../store/outbox.ts'
import { thisProcess } from '../store/process-identity.ts'
import type { Db, OutboxStatus } from '../store/schema.ts'
import { withAppIn } from '../testing/app.ts'
import { haierProject, type Project } from '../testing/program.ts'
import type { App } from './app.ts'
import { resultOf } from './call-result.ts'
import { showCall } from './logs.ts'
import { dropQueued, listQueue, planDrop, planRetry, retryQueued, showQueued } from './queue.ts'
import { sendDue } from './queue-send.ts'
import { routeOf } from './route.ts'
import { clean } from './retention.ts'
import { readStatus } from './status.ts'

const id = (n: number): string => `01A${String(n).padStart(23, '0')}`

const entry = (n: number, more: Partial<NewEntry> = {}): NewEntry => ({
  id: id(n),
  kind: 'sms',
  operation: 'send',
  effect: 'message',
  service: null,
  input_hash: 'hash',
  idempotency_key: `key ${n}`,
  correlation_id: 'c',
  run_id: null,
  created_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
  created_by: 'tester',
  ...more,
})

const input = JSON.stringify({ to: ['+8618501234444'], template: 'order_shipped' })

/** A call that waited until tomorrow, and then came to stand so. */
async function put(db: Db, n: number, status: OutboxStatus, more: object = {}): Promise<void> {
  const soon = new Date(Date.now() + 86_400_000)
  const waiting = { input, recipients: ['+8618501234444'], nextAt: soon, deadlineAt: soon }
  await insertWaiting(db, entry(n), waiting)
  if (status === 'waiting') return
  const finished_at = status === 'sending' ? null : new Date(Date.UTC(2026, 0, 2)).toISOString()
  const change = { status, next_at: null, finished_at, ...more }
  await db.updateTable('outbox').set(change).where('id', '=', id(n)).execute()
  if (status !== 'sending') await db.deleteFrom('outbox_recipients').execute()
}

const inProject = async <T>(
  use: (app: App, db: Db, project: Project) => Promise<T>,
): Promise<T> => {
  const project = await haierProject()
  return withAppIn(project.folder, async (app) => use(app, (await app.state()).db, project))
}

it('lists what waits and what needs a person, with recipients masked; the rest on demand', async () => {
  await inProject(async (app, db) => {
    const all: OutboxStatus[] = ['waiting', 'done', 'failed', 'unknown', 'dead', 'dropped']
    for (const [n, status] of all.entries()) await put(db, n, status)
    await put(db, 9, 'failed', { input: null })

    const open = await listQueue(app)
    const dead = await listQueue(app, { statuses: ['dead', 'failed'] })
    const none = await listQueue(app, { operation: 'alert.notify' })
    const shown = await showQueued(app, id(0))

    expect(open.map(({ status }) => status)).toEqual(['waiting', 'failed', 'unknown', 'dead'])
    expect(dead.map(({ status }) => status)).toEqual(['failed', 'dead'])
    expect(none).toEqual([])
    expect(open[0]).toMatchObject({ operation: 'sms.send', recipients: '+86…44' })
    expect(shown.input).toContain('+86…44')
    expect(JSON.stringify([open, shown])).not.toContain('18501234444')
    await expect(listQueue(app, { operation: 'sms.sing' })).rejects.toMatchObject({ code: 'usage' })
    await expect(showQueued(app, '01ZZZ')).rejects.toMatchObject({ code: 'call_unknown' })
    expect((await readStatus(app)).queue).toEqual({ waiting: 1, sending: 0, dead: 1, unknown: 1 })
  })
})

it('a retry keeps id and key, and waits again with its recipients', async () => {
  await inProject(async (app, db) => {
    await put(db, 1, 'dead')
    await put(db, 2, 'failed')
    await put(db, 3, 'failed', { input: null })

    const plan = await planRetry(app, [], { allDead: true })
    const { calls } = await retryQueued(app, plan)

    expect(plan.doubtful).toEqual([])
    expect(calls).toEqual([
      { id: id(1), was: 'dead', status: 'waiting' },
      { id: id(2), was: 'failed', status: 'waiting' },
    ])
    const [one] = await db.selectFrom('outbox').selectAll().orderBy('position').execute()
    expect(one).toMatchObject({ idempotency_key: 'key 1', finished_at: null, input })
    expect(Date.parse(one!.deadline_at!)).toBeGreaterThan(Date.now())
    expect(await db.selectFrom('outbox_recipients').selectAll().execute()).toHaveLength(2)
  })
})

it('a retry of what may have been done needs consent, unless the vendor drops duplicates', async () => {
  await inProject(async (app, db) => {
    await put(db, 1, 'unknown', { served_by: 'sms-gone' })
    await put(db, 2, 'unknown', { served_by: 'haier', kind: 'supplier', operation: 'pushOrder' })

    const plan = await planRetry(app, [id(1), id(2)])

    expect(plan.doubtful).toEqual([id(1)])
    // A process that was killed has logged nothing of it: the log says where it stands.
    await expect(showCall(app, id(1))).rejects.toMatchObject({
      code: 'call_unknown',
      see: `caravan queue show ${id(1)}`,
    })
    await retryQueued(app, plan)
    // The doubt stays: it goes to no other service.
    expect((await showQueued(app, id(1))).served_by).toBe('sms-gone')
  })
})

it.each<[OutboxStatus, object]>([
  ['done', {}],
  ['dropped', {}],
  ['waiting', {}],
  ['unknown', { input: null }],
])('what is %s %j cannot be put back', async (status, more) => {
  await inProject(async (app, db) => {
    await put(db, 1, status, more)

    await expect(planRetry(app, [id(1)])).rejects.toMatchObject({ code: 'queue_settled' })
  })
})

it('what was dropped is told with its reason and is not kept', async () => {
  await inProject(async (app, db) => {
    await put(db, 1, 'waiting')
    await put(db, 2, 'done')

    const rows = await planDrop(app, [id(1)])
    await dropQueued(app, rows, { by: 'tester', reason: 'sent by hand' })

    const state = await resultOf(app, id(1))
    expect(state).toMatchObject({ status: 'dropped', next_at: null })
    expect(state.error?.message).toBe('dropped by tester: sent by hand')
    expect((await showQueued(app, id(1))).input).toBeNull()
    expect(await db.selectFrom('outbox_recipients').selectAll().execute()).toEqual([])
    await expect(planDrop(app, [id(1)])).rejects.toMatchObject({ code: 'queue_settled' })
    await expect(planDrop(app, [id(2)])).rejects.toMatchObject({ code: 'queue_settled' })
    await expect(dropQueued(app, rows, { by: 'tester', reason: 'again' })).rejects.toMatchObject({
      code: 'queue_settled',
    })
  })
})

it('what is being sent can be neither put back nor dropped', async () => {
  await inProject(async (app, db) => {
    const until = new Date(Date.now() + 60_000).toISOString()
    await put(db, 1, 'sending', { host: 'elsewhere', pid: 1, lease_until: until })

    await expect(planDrop(app, [id(1)])).rejects.toMatchObject({ code: 'call_running' })
    await expect(planRetry(app, [id(1)])).rejects.toMatchObject({ code: 'queue_settled' })
    expect(await resultOf(app, id(1))).toMatchObject({ status: 'pending' })
  })
})

it('what a process was sending that is gone needs no sending of the rest before it can be dropped', async () => {
  await inProject(async (app, db) => {
    const begun = {
      host: thisProcess().host,
      pid: 4_194_305,
      process_started_at: 'before',
      tries: 1,
    }
    const keyed = { kind: 'supplier', operation: 'pushOrder', served_by: 'haier' }
    for (const n of [1, 2]) await put(db, n, 'sending', { ...begun, ...keyed })

    const rows = await planDrop(app, [id(1)])
    const { calls } = await dropQueued(app, rows, { by: 'tester', reason: 'sent by hand' })

    expect(calls).toEqual([{ id: id(1), was: 'waiting', status: 'dropped' }])
    expect(await resultOf(app, id(2))).toMatchObject({ status: 'pending', service: 'haier' })
    expect(await showQueued(app, id(2))).toMatchObject({ status: 'waiting', sender: null })
  })
})

it('a call can be followed from its acceptance to its answer', async () => {
  await inProject(async (app) => {
    const route = await routeOf(app, 'supplier')
    const path = await app.calls()
    const call = await path.enqueue(route, 'getBalance', {}, { by: 'tester' })
    const before = await resultOf(app, call.id.slice(0, 20))
    const waited = await resultOf(app, call.id, { waitMs: 10 })

    const sent = await sendDue(app)
    const after = await resultOf(app, call.id)

    expect([before, waited]).toMatchObject([{ status: 'pending' }, { status: 'pending' }])
    expect(sent).toMatchObject([{ id: call.id, status: 'done', service: 'haier' }])
    expect(after).toMatchObject({ id: call.id, status: 'done', operation: 'supplier.getBalance' })
    expect(after.output).toHaveProperty('accounts')
    expect(await sendDue(app)).toEqual([])
  })
})

it('of a call that was made directly the log tells', async () => {
  await inProject(async (app) => {
    const path = await app.calls()
    const { id: made } = await path.ask(await routeOf(app, 'supplier'), 'getBalance', {})
    const { db } = await app.log()
    while (!(await db.selectFrom('calls').select('id').where('id', '=', made).executeTakeFirst())) {
      await app.clock.sleep(20)
    }

    expect(await resultOf(app, made)).toMatchObject({ id: made, status: 'done', service: 'haier' })
    await expect(resultOf(app, 'nothing')).rejects.toMatchObject({ code: 'call_unknown' })
  })
})

it('retention deletes what ended long ago, and nothing that has not ended', async () => {
  await inProject(async (app, db) => {
    const long = { finished_at: '2020-01-01T00:00:00.000Z' }
    await put(db, 1, 'done', long)
    await put(db, 2, 'unknown', long)
    await put(db, 3, 'waiting')
    await put(db, 4, 'dead', { finished_at: new Date().toISOString() })
    await db.updateTable('outbox').set({ created_at: '2020-01-01T00:00:00.000Z' }).execute()

    const plan = await clean(app, { isDryRun: true })
    const report = await clean(app)

    expect([plan.rows.outbox, report.rows.outbox]).toEqual([2, 2])
    const left = await db.selectFrom('outbox').select('status').orderBy('position').execute()
    expect(left.map(({ status }) => status)).toEqual(['waiting', 'dead'])
  })
})
