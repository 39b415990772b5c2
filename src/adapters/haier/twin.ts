/** Haier and YLH, played on one address: section 1 to 4 with a made-up account, catalogue and order book. */
import { z } from 'zod'
import { basicPair } from '../../core/basic-auth.ts'
import type { Clock } from '../../core/clock.ts'
import { defineTwin, type Twin, type TwinReply, type TwinRequest } from '../../core/twin.ts'
import { account, createTokens, createWindow, fail, jsonOf } from './twin-access.ts'
import { createCatalogue } from './twin-catalogue.ts'
import { createOrders, type OrderCall, orderPaths } from './twin-orders.ts'
import { badParameters, createQueries, type QueryName, queryPaths } from './twin-queries.ts'

const Options = z.object({
  products: z.coerce.number().int().min(0).max(1_000_000).default(200).meta({
    description: 'How many products the catalogue has',
  }),
  seed: z.coerce.number().int().default(1).meta({
    description: 'The same seed makes the same catalogue',
  }),
  per_second: z.coerce.number().int().min(0).default(0).meta({
    description: 'Requests allowed in any second; 0 for no limit',
  }),
  wrapped: z.stringbool().or(z.boolean()).default(false).meta({
    description: 'Wrap answers as { success, code, message, data }',
  }),
  quirks: z.stringbool().or(z.boolean()).default(false).meta({
    description:
      'Show the vendor’s oddities: both spellings, numbers as text, missing prices and stock',
  }),
  token_lifetime_s: z.coerce.number().int().min(1).default(3600).meta({
    description: 'How long a token is good, in seconds',
  }),
  auth_scheme: z.enum(['bearer', 'raw']).default('bearer').meta({
    description: 'How the token must be sent',
  }),
  environment: z.enum(['test', 'stage', 'production']).default('test').meta({
    description: 'Decides the prefixes of the order system',
  }),
})
type Options = z.output<typeof Options>

const suffixes = { test: '-dev', stage: '-pre', production: '' }

export const haierTwin = defineTwin({
  options: Options,
  config: (url, { auth_scheme, environment }) => ({
    environment,
    base_url: url,
    token_url: `${url}/oauth2/auth`,
    auth_scheme,
    client_id: account.clientId,
    client_secret: account.clientSecret,
    customer_code: account.customerCode,
    password: account.password,
    customer_password: account.customerPassword,
    seller_password: account.sellerPassword,
    ylh_base_url: url,
    ylh_auth_url: `${url}/ylh-cloud-mgt-auth${suffixes[environment]}/oauth/token`,
    ylh_username: account.ylhUsername,
    ylh_password: account.ylhPassword,
    ylh_client_id: account.ylhClientId,
    ylh_client_secret: account.ylhClientSecret,
    ylh_source_system: account.sourceSystem,
    ylh_shop_name: account.shopName,
    ylh_app_key: account.appKey,
    ylh_app_secret: account.appSecret,
  }),
  create: createTwin,
})

type Counted = QueryName | OrderCall | 'token' | 'ylh_token'

function createTwin(options: Options, clock: Clock): Twin {
  const catalogue = createCatalogue(options)
  const orders = createOrders(catalogue, clock, badParameters)
  const queries = createQueries(catalogue, orders, options)
  const tokens = createTokens('haier', options.token_lifetime_s, clock)
  const ylhTokens = createTokens('ylh', options.token_lifetime_s, clock)
  const mayPass = createWindow(options.per_second, clock)
  const calls = new Map<Counted, number>()
  const refused = { rate_limited: 0, unauthorized: 0 }
  const places = options.quirks ? tokenPlaces : tokenPlaces.slice(0, 1)

  function count(name: Counted): number {
    const times = (calls.get(name) ?? 0) + 1
    calls.set(name, times)
    return times
  }

  function giveToken(request: TwinRequest): TwinReply {
    const place = places[(count('token') - 1) % places.length]!
    const asked = TokenRequest.safeParse(jsonOf(request))
    if (!asked.success) return badParameters(asked.error)
    const { client_id, client_secret } = asked.data
    const isKnown = client_id === account.clientId && client_secret === account.clientSecret
    if (!isKnown) return fail(400, 'invalid_client', 'client_id或client_secret错误')
    return { json: place(tokens.issue(), options.token_lifetime_s) }
  }

  function giveYlhToken(request: TwinRequest): TwinReply {
    count('ylh_token')
    if (!isYlhClient(request)) {
      return { status: 401, json: { error: 'invalid_client', error_description: '客户端认证失败' } }
    }
    const form = new URLSearchParams(request.body.toString())
    const isUser =
      form.get('grant_type') === 'password' &&
      form.get('username') === account.ylhUsername &&
      form.get('password') === account.ylhPassword
    if (!isUser) {
      return {
        status: 400,
        json: { error: 'invalid_grant', error_description: '用户名或密码错误' },
      }
    }
    const lifetime = options.token_lifetime_s
    return {
      json: { access_token: ylhTokens.issue(), token_type: 'Bearer', expires_in: lifetime },
    }
  }

  function query(name: QueryName, request: TwinRequest): TwinReply {
    const given = request.headers.authorization ?? ''
    const scheme = options.auth_scheme === 'bearer' ? 'Bearer ' : ''
    if (!given.startsWith(scheme) || !tokens.isGood(given.slice(scheme.length)))
      return unauthorized()
    count(name)
    return queries.answer(name, request)
  }

  function order(name: OrderCall, request: TwinRequest): TwinReply {
    const given = request.headers.authorization ?? ''
    if (!given.startsWith('Bearer ') || !ylhTokens.isGood(given.slice(7))) return unauthorized()
    count(name)
    return orders.answer(name, request)
  }

  function unauthorized(): TwinReply {
    refused.unauthorized++
    return fail(401, '401', 'token无效或已过期')
  }

  const doors = openDoors(options, { giveToken, giveYlhToken, query, order })

  return {
    handle(request) {
      if (!mayPass()) {
        refused.rate_limited++
        return tooMany(1)
      }
      const door = request.method === 'POST' ? doors.get(request.path) : undefined
      return door
        ? door(request)
        : fail(404, '404', `地址不存在: ${request.method} ${request.path}`)
    },
    vendorFault(fault) {
      if (fault === 'business-error')
        return fail(200, 'CUSTOMER_FROZEN', '客户状态异常，请联系业务员')
      tokens.expireAll()
      ylhTokens.expireAll()
      return undefined
    },
    rateLimited: tooMany,
    stats() {
      const counted = countedNames.map((name) => [`${name}_calls`, calls.get(name) ?? 0])
      return { ...Object.fromEntries(counted), ...refused, ...queries.stats(), ...orders.stats() }
    },
  }
}

const countedNames: Counted[] = [
  'token',
  'ylh_token',
  ...Object.values(queryPaths),
  ...Object.values(orderPaths),
]

const TokenRequest = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  grant_type: z.literal('client_credentials'),
})

/** The four places a token has been seen in. */
const tokenPlaces: ((token: string, expires_in: number) => unknown)[] = [
  (access_token, expires_in) => ({ access_token, token_type: 'Bearer', expires_in }),
  (token, expires_in) => ({ token, expires_in: String(expires_in) }),
  (access_token, expires_in) => ({ success: true, code: 200, data: { access_token, expires_in } }),
  (token, expires_in) => ({ success: true, code: '0', data: { token, expires_in } }),
]

function isYlhClient({ headers }: TwinRequest): boolean {
  const pair = basicPair(account.ylhClientId, account.ylhClientSecret)
  return (
    headers['system-name'] === 'ylh-open-api' &&
    headers.authorization === `Basic ${pair}` &&
    headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  )
}

type Door = (request: TwinRequest) => TwinReply

/** Every path the twin answers at. */
function openDoors(
  { environment }: Options,
  to: {
    giveToken: Door
    giveYlhToken: Door
    query(name: QueryName, request: TwinRequest): TwinReply
    order(name: OrderCall, request: TwinRequest): TwinReply
  },
): Map<string, Door> {
  const suffix = suffixes[environment]
  const doors = new Map<string, Door>([
    ['/oauth2/auth', to.giveToken],
    [`/ylh-cloud-mgt-auth${suffix}/oauth/token`, to.giveYlhToken],
  ])
  for (const [path, name] of Object.entries(queryPaths)) {
    doors.set(`/yilihuo/${path}`, (request) => to.query(name, request))
  }
  for (const [path, name] of Object.entries(orderPaths)) {
    const [service = '', ...rest] = path.split('/')
    doors.set(`/ylh-cloud-service-${service}${suffix}/${rest.join('/')}`, (request) =>
      to.order(name, request),
    )
  }
  return doors
}

const tooMany = (retryAfterSeconds: number): TwinReply => ({
  ...fail(429, '429', '请求过于频繁'),
  headers: { 'retry-after': String(retryAfterSeconds) },
})
