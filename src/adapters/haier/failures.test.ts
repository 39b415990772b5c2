import { expect, it } from 'vitest'
import { createCredentialCache } from '../../core/credentials.ts'
import { systemClock } from '../../core/clock.ts'
import { IntegrationError } from '../../core/errors.ts'
import { HaierConfig } from './config.ts'
import { isCancelledAlready, isDuplicate, readFailure } from './failures.ts'
import { authorize, renew } from './token.ts'

const reply = (status: number, json: unknown) => ({
  status,
  json,
  headers: {},
  text: JSON.stringify(json) ?? '',
})

it.each([
  [400, 'rejected', 'the vendor refused the parameters: 参数错误', ''],
  [401, 'auth', 'the token was not accepted: 参数错误', 'auth_scheme'],
  [403, 'auth', 'access was denied: 参数错误', 'IP allow-list'],
  [404, 'config', 'the address does not exist: 参数错误', 'base_url'],
])('HTTP %i is %s', (status, kind, message, hint) => {
  const failure = readFailure(reply(status, { success: false, code: 'E1', msg: '参数错误' }))

  expect(failure).toMatchObject({ kind, status, message, code: 'E1', outcome: 'not_done' })
  expect(failure?.hint ?? '').toContain(hint)
})

it('says the status when the answer says nothing', () => {
  expect(readFailure(reply(400, undefined))?.message).toBe(
    'the vendor refused the parameters (HTTP 400)',
  )
})

it.each([429, 500, 502, 503, 504])('leaves HTTP %i to the http layer', (status) => {
  expect(readFailure(reply(status, { success: false, message: 'x' }))).toBeUndefined()
})

it.each([
  [{ success: false, code: 500, message: '系统繁忙' }, '系统繁忙', '500'],
  [{ success: 'false', msg: '系统繁忙' }, '系统繁忙', undefined],
  [{ code: 'E7', data: null, message: '系统繁忙' }, '系统繁忙', 'E7'],
  [{ success: false }, 'the vendor reported a failure without a message', undefined],
])('HTTP 200 with %j is a failure', (json, message, code) => {
  expect(readFailure(reply(200, json))).toMatchObject({ kind: 'rejected', message, code })
})

it.each([
  [{ success: true, code: 200, data: {} }],
  [{ success: true, code: '200', data: null }],
  [{ code: 'success', data: [] }],
  [{ code: '0', data: [], msg: '' }],
  [{ code: 200, data: [] }],
  [[]],
  [null],
  [{ secCode: 'W1', stock: '1' }],
  [{ access_token: 'x' }],
])('HTTP 200 with %j is none', (json) => {
  expect(readFailure(reply(200, json))).toBeUndefined()
})

const rejected = (message: string, code?: string) =>
  new IntegrationError({ kind: 'rejected', message, code })

it.each([
  ['订单已存在，soId: 1', undefined, true],
  ['soId重复', undefined, true],
  ['重复推单', undefined, true],
  ['订单号重复，请勿重复提交', undefined, true],
  ['duplicate soId', undefined, true],
  ['the order was already received', undefined, true],
  ['失败', 'DUPLICATE_ORDER', true],
  ['订单不存在', undefined, false],
  ['order does not exist', undefined, false],
  ['商品编码重复', undefined, false],
  ['订单金额错误', undefined, false],
])('%s (%s) is a duplicate: %s', (message, code, is) => {
  expect(isDuplicate(rejected(message, code))).toBe(is)
})

it('knows an order that is cancelled already', () => {
  expect(isCancelledAlready(rejected('订单已取消'))).toBe(true)
  expect(isCancelledAlready(rejected('订单已发货，不能取消'))).toBe(false)
})

it('takes no other failure for a duplicate', () => {
  const late = new IntegrationError({ kind: 'timeout', message: '订单已存在' })

  expect([isDuplicate(late), isCancelledAlready(late), isDuplicate('订单已存在')]).toEqual([
    false,
    false,
    false,
  ])
})

it('renews after a 401 and not after a 403', async () => {
  const signal = new AbortController().signal
  const credentials = createCredentialCache(systemClock)
  const config = HaierConfig.parse({
    client_id: 'id',
    client_secret: 'secret',
    customer_code: '8800633175',
    password: 'p',
    seller_password: 's',
  })
  const answer = async () => ({ token: 't' })
  const never = () => Promise.reject(new Error('not used'))
  const http = { json: answer, send: never, stream: never }
  const context = { config, credentials, signal, clock: systemClock, http }
  const request = { method: 'POST', url: new URL('https://x'), headers: {}, body: new Uint8Array() }

  expect(renew(context)).toBe(false)
  await authorize(request, context)
  expect(renew({ ...context, refusal: readFailure(reply(403, {})) })).toBe(false)
  expect(credentials.peek('haier')).toBe('Bearer t')
  expect(renew({ ...context, refusal: readFailure(reply(401, {})) })).toBe(true)
  expect(credentials.peek('haier')).toBeUndefined()
})
