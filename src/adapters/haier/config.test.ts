import { expect, it } from 'vitest'
import { checkConfig, endpointsOf, HaierConfig, ylhEndpointsOf } from './config.ts'

const least = {
  client_id: 'id',
  client_secret: 'secret',
  customer_code: '8800633175',
  password: 'p',
  seller_password: 's',
}
const parse = (more: object = {}) => HaierConfig.parse({ ...least, ...more })

it('needs five fields and sets the rest', () => {
  expect(parse()).toMatchObject({
    environment: 'production',
    auth_scheme: 'bearer',
    supplier_code: '1001',
    county_code: '110101',
  })
  for (const field of Object.keys(least)) {
    expect(HaierConfig.safeParse({ ...least, [field]: undefined }).success).toBe(false)
    expect(HaierConfig.safeParse({ ...least, [field]: '' }).success).toBe(false)
  }
})

it.each([
  ['test', 'https://openplat-test.haier.net'],
  ['stage', 'https://openplat-bj-aliyun-stage.haier.net'],
  ['production', 'https://openplat-bj-aliyun.haier.net'],
])('knows the addresses of %s', (environment, baseUrl) => {
  expect(endpointsOf(parse({ environment }))).toEqual({
    baseUrl,
    tokenUrl: `${baseUrl}/oauth2/auth`,
  })
})

it.each([
  [{ base_url: 'https://a.example/' }, 'https://a.example', 'https://a.example/oauth2/auth'],
  [{ token_url: 'https://a.example/t' }, 'https://a.example', 'https://a.example/t'],
  [
    { base_url: 'https://a.example', token_url: 'https://b.example/t' },
    'https://a.example',
    'https://b.example/t',
  ],
])('follows %j', (fields, baseUrl, tokenUrl) => {
  expect(endpointsOf(parse(fields))).toEqual({ baseUrl, tokenUrl })
})

it.each([
  ['test', 'http://dev.ylhtest.com/ylh-cloud-mgt-auth-dev/oauth/token'],
  ['stage', 'http://pre.yilihuo.com/ylh-cloud-mgt-auth-pre/oauth/token'],
  ['production', 'https://www.yilihuo.com/ylh-cloud-mgt-auth/oauth/token'],
])('knows the order system of %s', (environment, tokenUrl) => {
  expect(ylhEndpointsOf(parse({ environment })).tokenUrl).toBe(tokenUrl)
})

it.each([
  ['base_url', 'http://openplat.example', 'must be https'],
  ['token_url', 'http://openplat.example/oauth2/auth', 'must be https'],
  ['base_url', 'ftp://a.example', 'must be a URL'],
  ['base_url', 'openplat', 'must be a URL'],
  ['ylh_base_url', 'http://yilihuo.example', 'must be https'],
  ['ylh_auth_url', 'https://user:pw@www.yilihuo.com', 'must be https'],
  ['customer_code', '880063317', 'must be 10 digits'],
  ['customer_code', 8_800_633_175, 'must be 10 digits, in quotes'],
  ['county_code', '1101', 'must be 6 digits'],
  ['auth_scheme', 'basic', 'Invalid option'],
])('refuses %s: %j', (field, value, says) => {
  const checked = HaierConfig.safeParse({ ...least, [field]: value })

  expect(checked.error?.issues[0]).toMatchObject({
    path: [field],
    message: expect.stringContaining(says),
  })
})

it.each(['http://127.0.0.1:8080', 'http://localhost:1', 'https://www.yilihuo.com'])(
  'accepts %s for the order system',
  (ylh_base_url) => {
    expect(parse({ ylh_base_url })).toMatchObject({ ylh_base_url })
  },
)

it('accepts the plain addresses that YLH publishes', () => {
  const ylh_base_url = 'http://www.yilihuo.com'

  expect(ylhEndpointsOf(parse({ ylh_base_url })).tokenUrl).toContain(`${ylh_base_url}/ylh-cloud`)
})

it('wants groups whole or not at all', () => {
  expect(checkConfig(parse())).toEqual([])
  expect(checkConfig(parse({ ylh_shop_name: 'shop' }))).toEqual([])
  expect(checkConfig(parse({ ylh_app_key: 'k' }))).toMatchObject([{ field: 'ylh_app_secret' }])
  expect(checkConfig(parse({ ylh_username: 'u', ylh_client_id: 'c' }))).toMatchObject([
    { field: 'ylh_password', message: expect.stringContaining('belong together') },
    { field: 'ylh_client_secret' },
    { field: 'ylh_source_system' },
  ])
})

it('describes every field, and marks the secret ones', () => {
  const metas = Object.entries(HaierConfig.shape).map(([name, field]) => {
    const inner = 'unwrap' in field && field.meta() === undefined ? field.unwrap() : field
    return { name, ...(inner as { meta(): Record<string, unknown> | undefined }).meta() }
  })

  for (const meta of metas) expect(meta).toMatchObject({ description: expect.any(String) })
  expect(metas.filter((meta) => 'secret' in meta).map((meta) => meta.name)).toEqual([
    'client_id',
    'client_secret',
    'password',
    'customer_password',
    'seller_password',
    'ylh_password',
    'ylh_client_secret',
    'ylh_app_secret',
  ])
})

it('prints no secret', () => {
  const config = parse({ password: 'p-secret-1', ylh_password: 'p-secret-2' })

  expect(JSON.stringify(config)).not.toContain('p-secret')
})
