import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { parseDocument } from 'yaml'
import type { Log, LogFields } from '../../core/log.ts'
import { listHooks } from '../../store/hook-events.ts'
import { rememberSent } from '../../store/message-states.ts'
import { withAppIn } from '../../testing/app.ts'
import { createTestClock } from '../../testing/clock.ts'
import {
  chinaPhone,
  haierCallback,
  hookProject,
  receipts,
  type Sent,
  tencentOf,
} from '../../testing/webhooks.ts'
import type { App } from '../app.ts'
import { disableService } from '../switches.ts'
import { receiveHook } from './receive.ts'

const smsVendors = ['twilio', 'smsc-ru', 'sms-ru', 'tencent-sms', 'aliyun-sms'] as const
const statuses = {
  twilio: 'delivered',
  'smsc-ru': '1',
  'sms-ru': '103',
  'tencent-sms': 'SUCCESS',
  'aliyun-sms': 'true',
}
const confirmed = { ExtOrderNo: 'SO.1', PlatformOrderNo: 'P-1', State: 1 }

/** Says what was logged, and with what. */
function noting(): { log: Log; lines: { message: string; fields: LogFields }[] } {
  const lines: { message: string; fields: LogFields }[] = []
  const note = (message: string, fields: LogFields = {}) => void lines.push({ message, fields })
  const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log }
  return { log, lines }
}

const stored = async (app: App) => listHooks((await app.state()).db)

/** What every one of them is answered when it was taken. */
const answers: Record<string, unknown> = {
  twilio: { status: 204 },
  'smsc-ru': { status: 200, text: 'OK' },
  'sms-ru': { status: 200, text: '100' },
  'tencent-sms': { status: 200, json: { result: 0, errmsg: 'OK' } },
  'aliyun-sms': { status: 200, json: { code: 0, msg: 'ok' } },
}

it('stores each event once, answers in the form of its vendor, and counts repeats', async () => {
  const folder = await hookProject(smsVendors)
  await withAppIn(folder, async (app) => {
    for (const vendor of smsVendors) {
      const request = receipts[vendor]!({ id: `m-${vendor}`, status: statuses[vendor] })
      const replies = [
        await receiveHook(app, vendor, request),
        await receiveHook(app, vendor, request),
      ]
      expect(replies).toEqual([answers[vendor], answers[vendor]])
    }

    expect(await stored(app)).toMatchObject(
      smsVendors
        .map((service) => ({ service, type: 'sms.status', status: 'received', repeats: 1 }))
        .toReversed(),
    )
  })
})

it('takes the callback of an order, and answers as its vendor wants it', async () => {
  const clock = createTestClock()
  const folder = await hookProject(['haier'])
  await withAppIn(
    folder,
    async (app) => {
      const first = await receiveHook(
        app,
        'haier',
        haierCallback('confirm', confirmed, clock.now()),
      )
      await clock.advance(60_000)
      const again = await receiveHook(
        app,
        'haier',
        haierCallback('confirm', confirmed, clock.now()),
      )

      expect([first, again]).toMatchObject([
        { status: 200, json: { success: true, data: { platformOrderNo: 'P-1' } } },
        { status: 200, json: { success: true } },
      ])
      expect(await stored(app)).toMatchObject([{ type: 'supplier.order', repeats: 1 }])
    },
    { clock },
  )
})

describe('refuses, and logs it without the body', () => {
  const strange = (request: Sent): Sent => ({ ...request, body: Buffer.from('secret-body=1') })

  it.each([
    ['twilio', 403, undefined],
    ['smsc-ru', 403, undefined],
    ['sms-ru', 403, undefined],
    ['tencent-sms', 400, { result: 1, errmsg: 'unreadable' }],
    ['aliyun-sms', 400, { code: 1, msg: 'unreadable' }],
  ] as const)('what was not sent by %s', async (vendor, status, json) => {
    const { log, lines } = noting()
    const folder = await hookProject([vendor])
    await withAppIn(folder, async (app) => {
      const request = strange(receipts[vendor]!({ id: 'm', status: statuses[vendor] }))
      const reply = await receiveHook(app, vendor, request, { log })

      expect(reply).toEqual(json ? { status, json } : { status })
      expect(await stored(app)).toEqual([])
      expect(lines).toMatchObject([
        { message: 'a webhook was refused', fields: { service: vendor, from: '203.0.113.7' } },
      ])
      expect(JSON.stringify(lines)).not.toContain('secret-body')
    })
  })

  it('a callback of an order that is too old, by the window of the service', async () => {
    const clock = createTestClock()
    const folder = await hookProject(['haier'])
    const ask = async (minutes: number) => {
      const at = new Date(clock.now().getTime() - minutes * 60_000)
      const request = haierCallback('confirm', confirmed, at)
      return withAppIn(folder, (app) => receiveHook(app, 'haier', request), { clock })
    }

    expect(await ask(16)).toMatchObject({ status: 403, json: { success: false } })
    expect(await ask(14)).toMatchObject({ status: 200 })
    change(folder, 'haier', { hooks: { window: '1h' } })
    expect(await ask(59)).toMatchObject({ status: 200 })
    expect(await ask(61)).toMatchObject({ status: 403 })
  })

  it('what comes from another address than the service allows', async () => {
    const { log, lines } = noting()
    const folder = await hookProject(['tencent-sms'])
    change(folder, 'tencent-sms', { hooks: { allow_from: ['203.0.113.0/28', '2001:db8::/32'] } })
    await withAppIn(folder, async (app) => {
      const request = receipts['tencent-sms']!({ id: 'm', status: 'SUCCESS' })
      const from = (address: string) =>
        receiveHook(app, 'tencent-sms', { ...request, from: address }, { log })

      expect(await from('203.0.113.7')).toMatchObject({ status: 200 })
      expect(await from('::ffff:203.0.113.15')).toMatchObject({ status: 200 })
      expect(await from('2001:db8::5')).toMatchObject({ status: 200 })
      expect(await from('203.0.113.16')).toEqual({
        status: 403,
        json: { result: 1, errmsg: 'not taken' },
      })
      expect(lines).toMatchObject([{ fields: { from: '203.0.113.16' } }])
    })
  })

  it.each(['nothing', 'constructor', '__proto__'])('a service %s', async (name) => {
    const folder = await hookProject([])
    await withAppIn(folder, async (app) => {
      const reply = await receiveHook(app, name, receipts['sms-ru']!({ id: 'm', status: '103' }))

      expect(reply).toMatchObject({ status: 404 })
    })
  })
})

it('takes receipts for a service that was switched off since', async () => {
  const folder = await hookProject(['sms-ru'])
  await withAppIn(folder, (app) => disableService(app, 'sms-ru', { reason: 'maintenance' }))
  change(folder, 'sms-ru', { enabled: false })
  await withAppIn(folder, async (app) => {
    const reply = await receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'm', status: '103' }))

    expect(reply).toMatchObject({ status: 200 })
    expect(await stored(app)).toHaveLength(1)
  })
})

describe('several events in a request', () => {
  const numbers = Array.from({ length: 450 }, (_, n) => `+861850123${String(1000 + n)}`)
  const many = tencentOf(numbers.map((to) => ({ id: `s${to}`, status: 'SUCCESS', to })))

  it('are all stored, also where one stands there twice', async () => {
    const folder = await hookProject(['tencent-sms'])
    await withAppIn(folder, async (app) => {
      const twice = { id: 'one', status: 'SUCCESS', to: chinaPhone }
      const replies = await Promise.all([
        receiveHook(app, 'tencent-sms', many),
        receiveHook(app, 'tencent-sms', tencentOf([twice, twice])),
        receiveHook(app, 'tencent-sms', tencentOf([twice])),
      ])

      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
      const { db } = await app.state()
      expect(await listHooks(db, { limit: 1000 })).toHaveLength(451)
      expect(await listHooks(db, { limit: 1 })).toMatchObject([{ repeats: 2 }])
    })
  })

  it('are none of them stored when the state has no room, and 503 has the vendor send again', async () => {
    const { log, lines } = noting()
    const folder = await hookProject(['tencent-sms'])
    await withAppIn(folder, async (app) => {
      const { db } = await app.state()
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db)
      await limitPages(db, rows[0]!.page_count + 1)

      const reply = await receiveHook(app, 'tencent-sms', many, { log })
      await limitPages(db, 1_000_000)
      const kept = (await stored(app)).length
      const again = await receiveHook(app, 'tencent-sms', many, { log })

      expect(reply).toMatchObject({ status: 503, json: { result: 1 }, headers: {} })
      expect(kept).toBe(0)
      expect(lines).toMatchObject([{ fields: { error: { code: 'state_full' } } }])
      expect(again).toMatchObject({ status: 200 })
      expect(await listHooks(db, { limit: 1000 })).toHaveLength(450)
    })
  })
})

it('a flood of receipts that nobody signed takes little room, and keeps none out that may be ours', async () => {
  const { log, lines } = noting()
  const folder = await hookProject(['tencent-sms'])
  await withAppIn(folder, async (app) => {
    const { db } = await app.state()
    const about = { service: 'tencent-sms', call: 'C', at: '2026-01-01T00:00:00.000Z' }
    const sent = { messageId: 'ours', to: chinaPhone, status: 'accepted' }
    await rememberSent(db, about, [sent])
    const forged = (from: number) =>
      Array.from({ length: 900 }, (_, n) => ({
        id: `forged-${from + n}`,
        status: 'SUCCESS',
        to: chinaPhone,
      }))
    const ours = { id: 'ours', status: 'SUCCESS', to: chinaPhone }

    const replies = [
      await receiveHook(app, 'tencent-sms', tencentOf(forged(0)), { log }),
      await receiveHook(app, 'tencent-sms', tencentOf(forged(1000)), { log }),
      await receiveHook(app, 'tencent-sms', tencentOf([...forged(2000), ours]), { log }),
    ]

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    const kept = await listHooks(db, { limit: 5000 })
    expect(kept).toHaveLength(1001)
    expect(kept[0]?.event_id).toMatch(/^ours/)
    expect(lines).toMatchObject([{ fields: { left_out: 800 } }, { fields: { left_out: 900 } }])
  })
})

it('says 503 while the config of the service has a fault, so that nothing is lost by it', async () => {
  const folder = await hookProject(['sms-ru'])
  change(folder, 'sms-ru', { config: { api_id: '${NOT_SET_ANYWHERE}' } })
  await withAppIn(folder, async (app) => {
    const reply = await receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'm', status: '103' }))

    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  })
})

/** Changes the entry of a service in the file. */
function change(folder: string, service: string, entry: Record<string, unknown>): void {
  const path = join(folder, 'integrations.yaml')
  const file = parseDocument(readFileSync(path, 'utf8'))
  for (const [key, value] of Object.entries(entry)) file.setIn(['services', service, key], value)
  writeFileSync(path, String(file))
}

async function limitPages(db: Awaited<ReturnType<App['state']>>['db'], pages: number) {
  await sql`pragma max_page_count = ${sql.lit(pages)}`.execute(db)
}
