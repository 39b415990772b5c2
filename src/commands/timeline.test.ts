import { expect, it } from 'vitest'
import type { CallDetails } from '../app/answers/calls.ts'
import { joinRoute } from '../testing/route.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'
import { stringWidth } from './output/table.ts'
import { wrap } from './output/wrap.ts'
import { renderTimeline, timelineOf } from './timeline.ts'

const status = (code: number): PreparedReply => ({ status: code, json: {} })

/** A call as `logs show` gets it, made by the real path. */
async function madeCall(): Promise<CallDetails> {
  const [a, b] = [
    await startVendor(status(429), status(429), status(429)),
    await startVendor({ json: {} }),
  ]
  const { ask, logged } = await joinRoute([
    { name: 'sms-main', url: a.url },
    { name: 'sms-backup', url: b.url },
  ])
  await ask('payOnce')
  const { calls, attempts } = await logged()
  const [call] = calls
  if (!call) throw new Error('nothing was logged')
  const requests = attempts.map((one) => ({ ...one, service: one.service ?? call.service }))
  return {
    ...call,
    requests,
    steps: JSON.parse(call.steps ?? '[]') as CallDetails['steps'],
    deliveries: [],
  } as CallDetails
}

it('tells a call in order: start, requests with their service, what was decided, end', async () => {
  const call = await madeCall()

  const moments = timelineOf(call)

  expect(moments.map(({ service, what }) => [service, what])).toEqual([
    ['', 'asked'],
    ['sms-main', expect.stringMatching(/^1\. .*POST http.*: 429 after .* in\ntoo many requests/)],
    ['sms-main', 'again: attempt 2 of 3, after: too many requests (HTTP 429)'],
    ['sms-main', expect.stringMatching(/^2\. .*: 429 after/)],
    ['sms-main', 'again: attempt 3 of 3, after: too many requests (HTTP 429)'],
    ['sms-main', expect.stringMatching(/^3\. .*: 429 after/)],
    ['sms-main', 'next service: sms-backup, after: too many requests (HTTP 429)'],
    ['sms-backup', expect.stringMatching(/^4\. .*: 200 after/)],
    ['', 'done'],
  ])
})

it.each([60, 80, 160])('fits into %i columns, but for an address', async (width) => {
  const lines = renderTimeline(timelineOf(await madeCall()), width, wrap).split('\n')

  for (const line of lines.filter((each) => !each.includes('http://'))) {
    expect(stringWidth(line)).toBeLessThanOrEqual(width)
  }
  expect(lines.length).toBeGreaterThanOrEqual(9)
})

it('tells steps that were kept before they said where they stand', () => {
  const step = { at: '2026-11-21T08:00:01.000Z', what: 'queued', service: null, text: 'later' }
  const call = {
    started_at: '2026-11-21T08:00:00.000Z',
    finished_at: '2026-11-21T08:00:02.000Z',
    outcome: 'accepted',
    requests: [],
    steps: [step],
  } as unknown as CallDetails

  expect(timelineOf(call)).toEqual([
    { after: '+0 ms', service: '', what: 'asked' },
    { after: '+1.0 s', service: '', what: 'queued: later' },
    { after: '+2.0 s', service: '', what: 'accepted: it waits in the outbox' },
  ])
})
