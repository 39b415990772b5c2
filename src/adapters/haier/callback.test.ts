import { expect, it } from 'vitest'
import { Secret } from '../../core/secret.ts'
import { createTestClock } from '../../testing/clock.ts'
import { callbackAnswer, hooks, signatureOf, verifyCallback } from './callback.ts'
import type { HaierConfig } from './config.ts'

const account = { appKey: 'AK-1', appSecret: new Secret('TopSecret9') }
/** 12:00:00 in China. */
const now = new Date('2026-11-21T04:00:00Z')

/**
 * The signatures were made with md5sum, over texts put together by hand:
 * printf '%s' 'topsecret9appkeyak-1data{"extorderno":"so.20261121.000007","platformorderno":"p-100","state":1}methodhmm.scm_heorder.confirmtimestamp20261121120000topsecret9' | md5sum
 * printf '%s' 'topsecret9appkeyak-1data{"platformorderno":"单-200","state":0,"failmsg":"缺货"}methodhmm.scm_heorder.oostocktimestamp20261121120000topsecret9' | md5sum
 */
const confirmed = {
  AppKey: 'AK-1',
  TimeStamp: '20261121120000',
  Method: 'hmm.scm_heorder.confirm',
  Data: '{"ExtOrderNo":"SO.20261121.000007","PlatformOrderNo":"P-100","State":1}',
  Sign: '20B256C14A09E37FB49C93913D496DC0',
}
const outOfStock = {
  Sign: 'CB805C1B69667514210E8F5931180548',
  Data: '{"PlatformOrderNo":"单-200","State":0,"FailMsg":"缺货"}',
  Method: 'hmm.scm_heorder.oostock',
  TimeStamp: '20261121120000',
  AppKey: 'AK-1',
}

const sign = (params: Record<string, string>) => ({
  ...params,
  Sign: signatureOf(params, account.appSecret),
})

it('reads a confirmation', () => {
  expect(verifyCallback(confirmed, account, now)).toEqual({
    isGenuine: true,
    callback: {
      event: 'confirm',
      supplierOrderNo: 'SO.20261121.000007',
      platformOrderNo: 'P-100',
      isSuccess: true,
      failure: null,
      sentAt: now,
      key: 'hmm.scm_heorder.confirm P-100 1',
    },
  })
})

it('reads a failure with Chinese text in it', () => {
  expect(verifyCallback(outOfStock, account, now)).toMatchObject({
    isGenuine: true,
    callback: {
      event: 'out_of_stock',
      supplierOrderNo: null,
      platformOrderNo: '单-200',
      isSuccess: false,
      failure: '缺货',
    },
  })
})

it.each([[''], [' '], ['\t\n']])('leaves a blank parameter (%j) out of the signature', (blank) => {
  expect(verifyCallback({ ...confirmed, Extra: blank }, account, now)).toMatchObject({
    isGenuine: true,
  })
})

it('counts a parameter it does not know into the signature', () => {
  expect(verifyCallback({ ...confirmed, Extra: 'x' }, account, now)).toMatchObject({
    reason: 'wrong_signature',
  })
})

it('sorts by bytes, upper case before lower case', () => {
  const params = { b: '1', B: '2', a: '3', A: '4' }
  // printf '%s' 'topsecret9a4b2a3b1topsecret9' | md5sum
  expect(signatureOf(params, account.appSecret)).toBe('B55181F1CA441A5183497519CE4AD7F8')
})

it.each([
  ['another AppKey', { ...confirmed, AppKey: 'AK-2' }, 'unknown_app_key'],
  ['no AppKey', { ...confirmed, AppKey: '' }, 'unknown_app_key'],
  ['no signature', { ...confirmed, Sign: '' }, 'wrong_signature'],
  [
    'a signature in lower case',
    { ...confirmed, Sign: confirmed.Sign.toLowerCase() },
    'wrong_signature',
  ],
  ['changed data', { ...confirmed, Data: confirmed.Data.replace('100', '101') }, 'wrong_signature'],
  ['another method', { ...confirmed, Method: 'hmm.scm_heorder.cancel' }, 'wrong_signature'],
  ['a method nobody documented', sign({ ...confirmed, Method: 'hmm.other' }), 'unknown_method'],
  ['a method that every object has', sign({ ...confirmed, Method: 'toString' }), 'unknown_method'],
  ['data that is not JSON', sign({ ...confirmed, Data: '{' }), 'unreadable'],
  ['data without a state', sign({ ...confirmed, Data: '{"PlatformOrderNo":"1"}' }), 'unreadable'],
  ['a time that is none', sign({ ...confirmed, TimeStamp: '2026-11-21' }), 'stale'],
  ['no parameters at all', {}, 'unknown_app_key'],
])('refuses %s', (_, params, reason) => {
  expect(verifyCallback(params as Record<string, string>, account, now)).toMatchObject({
    isGenuine: false,
    reason,
  })
})

it.each([
  [-15 * 60_000, true],
  [15 * 60_000, true],
  [-15 * 60_000 - 1000, false],
  [15 * 60_000 + 1000, false],
  [8 * 3_600_000, false],
])('accepts a callback %i ms from now: %s', (offsetMs, isGenuine) => {
  const at = new Date(now.getTime() + offsetMs)

  expect(verifyCallback(confirmed, account, at).isGenuine).toBe(isGenuine)
})

it('takes another window when told', () => {
  const late = new Date(now.getTime() + 60 * 60_000)

  expect(verifyCallback(confirmed, { ...account, windowMs: 2 * 3_600_000 }, late).isGenuine).toBe(
    true,
  )
})

it('gives a repeat the same key although its time differs', () => {
  const keyOf = (params: Record<string, string>) => {
    const verified = verifyCallback(params, account, now)
    return verified.isGenuine && verified.callback.key
  }

  expect(keyOf(sign({ ...confirmed, TimeStamp: '20261121120500' }))).toBe(keyOf(confirmed))
})

it('answers as YLH wants it', () => {
  expect(callbackAnswer({ isSuccess: true, platformOrderNo: 'P-100' }, now)).toEqual({
    success: true,
    code: 'success',
    description: 'success',
    timeStamp: '20261121120000',
    data: { statusCode: '200', message: 'success', platformOrderNo: 'P-100' },
  })
  expect(
    callbackAnswer({ isSuccess: false, platformOrderNo: 'P-1', message: 'no such order' }, now),
  ).toMatchObject({ success: false, data: { message: 'no such order' } })
})

it.each([
  ['as it is', {}, '', 'genuine'],
  ['when no secret is set', { ylh_app_secret: undefined }, '', 'refused'],
  ['with a name that stands twice', {}, '&Data=%7B%7D', 'refused'],
  ['with bytes that are no UTF-8', {}, '&X=%FF', 'refused'],
])('reads a posted form %s: %j', (_, more, rest, verdict) => {
  const config = { ylh_app_key: 'AK-1', ylh_app_secret: account.appSecret, ...more } as HaierConfig
  const body = Buffer.from(new URLSearchParams(confirmed).toString() + rest)
  const request = { method: 'POST', url: '/hooks/haier', headers: {}, body }

  const reading = hooks.read(request, { config, clock: createTestClock(now) })

  expect(reading).toMatchObject({
    verdict,
    reply: { json: { success: verdict === 'genuine', timeStamp: '20261121120000' } },
  })
})
