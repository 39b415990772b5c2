/** What a Haier service needs to know, and the addresses that follow from it. */
import { z } from 'zod'
import { IntegrationError } from '../../core/errors.ts'
import { secret } from '../../core/secret.ts'
import { isLoopback, serviceUrl } from '../../core/service-url.ts'

/** Hosts of the Haier open platform; the token URL is `/oauth2/auth` on the same host. */
const hosts = {
  test: 'https://openplat-test.haier.net',
  stage: 'https://openplat-bj-aliyun-stage.haier.net',
  production: 'https://openplat-bj-aliyun.haier.net',
} as const

/** Hosts of YLH. Test and staging exist over plain HTTP alone; production is asked over https first. */
const ylhHosts = {
  test: 'http://dev.ylhtest.com',
  stage: 'http://pre.yilihuo.com',
  production: 'https://www.yilihuo.com',
} as const

/** What YLH appends to every service prefix. */
const ylhSuffixes = { test: '-dev', stage: '-pre', production: '' } as const

const plainYlhHosts = ['dev.ylhtest.com', 'pre.yilihuo.com', 'www.yilihuo.com']

export const HaierConfig = z.object({
  environment: z.enum(['test', 'stage', 'production']).default('production').meta({
    description: 'Which of the vendor’s environments; sets the default addresses of both systems',
  }),
  base_url: serviceUrl().optional().meta({
    description: 'Address of the Haier open platform; by default that of the environment',
    example: hosts.production,
  }),
  token_url: serviceUrl()
    .optional()
    .meta({
      description: 'Where tokens are fetched; by default /oauth2/auth on the host of base_url',
      example: `${hosts.production}/oauth2/auth`,
    }),
  auth_scheme: z.enum(['bearer', 'raw']).default('bearer').meta({
    description: 'How the token is sent: "Bearer <token>", or the bare token as some gateways want',
  }),
  client_id: secret('Client id of the open platform'),
  client_secret: secret('Client secret of the open platform'),
  customer_code: digits(10).meta({
    description: 'Sold-to code of the account (售达方编码, the "eight-code")',
    example: '8800633175',
  }),
  send_to_code: z.string().trim().min(1).optional().meta({
    description: 'Ship-to code; by default customer_code',
    example: '8800633175',
  }),
  supplier_code: z.string().trim().min(1).default('1001').meta({
    description: 'Supplier of the catalogue; 1001 is Haier itself',
  }),
  password: secret('Agreed password of catalogue and price queries'),
  customer_password: secret('Password of balance queries; by default password').optional(),
  seller_password: secret('Password of stock and logistics queries'),
  county_code: digits(6).default('110101').meta({
    description: 'National division code of the county whose stock is asked for',
  }),

  ylh_base_url: ylhUrl().optional().meta({
    description: 'Address of the YLH order system without a service prefix; by environment',
    example: ylhHosts.production,
  }),
  ylh_auth_url: ylhUrl()
    .optional()
    .meta({
      description: 'Where YLH tokens are fetched; by default below ylh_base_url',
      example: `${ylhHosts.production}/ylh-cloud-mgt-auth/oauth/token`,
    }),
  ylh_username: z.string().min(1).optional().meta({
    description: 'User name of the YLH order system; orders need it',
  }),
  ylh_password: secret('Password of the YLH order system; orders need it').optional(),
  ylh_client_id: z.string().min(1).optional().meta({
    description: 'Client id of the YLH order system; orders need it',
  }),
  ylh_client_secret: secret('Client secret of the YLH order system; orders need it').optional(),
  ylh_source_system: z.string().min(1).optional().meta({
    description: 'Source system agreed with YLH, sent with every order; orders need it',
  }),
  ylh_shop_name: z.string().min(1).optional().meta({
    description: 'Shop name of orders that carry none themselves',
  }),
  ylh_seller_code: z.string().min(1).optional().meta({
    description: 'Seller code of orders; by default customer_code',
    example: '8800633175',
  }),
  ylh_app_key: z.string().min(1).optional().meta({
    description: 'AppKey that YLH puts into its callbacks',
  }),
  ylh_app_secret: secret('Secret that signs the callbacks of YLH').optional(),
})
export type HaierConfig = z.output<typeof HaierConfig>

/** Groups of fields that are of no use one without the other. */
const groups = [
  ['ylh_username', 'ylh_password', 'ylh_client_id', 'ylh_client_secret', 'ylh_source_system'],
  ['ylh_app_key', 'ylh_app_secret'],
] as const satisfies (keyof HaierConfig)[][]

/** Fields missing from a group that was begun. */
export function checkConfig(config: HaierConfig): { field: string; message: string }[] {
  return groups.flatMap((group) => {
    const missing = group.filter((field) => config[field] === undefined)
    if (missing.length === group.length) return []
    return missing.map((field) => ({
      field,
      message: `is needed too: ${group.join(', ')} belong together`,
    }))
  })
}

export const sendToCodeOf = (config: HaierConfig): string =>
  config.send_to_code ?? config.customer_code

/** Base and token URL of the Haier open platform. */
export function endpointsOf(config: HaierConfig): { baseUrl: string; tokenUrl: string } {
  const own = config.token_url && new URL(config.token_url).origin
  const baseUrl = trimSlash(config.base_url ?? own ?? hosts[config.environment])
  return { baseUrl, tokenUrl: config.token_url ?? `${baseUrl}/oauth2/auth` }
}

/** Base and token URL of YLH. `suffix` ends every service prefix of the environment. */
export function ylhEndpointsOf(config: HaierConfig) {
  const suffix = ylhSuffixes[config.environment]
  const baseUrl = trimSlash(config.ylh_base_url ?? ylhHosts[config.environment])
  const tokenUrl = config.ylh_auth_url ?? `${baseUrl}/ylh-cloud-mgt-auth${suffix}/oauth/token`
  return { baseUrl, tokenUrl, suffix }
}

/** Where requests of this config go; YLH only when it has an account there. */
export function addressesOf(config: HaierConfig): string[] {
  const { baseUrl, tokenUrl } = endpointsOf(config)
  const ylh = ylhEndpointsOf(config)
  const hasYlh = config.ylh_username !== undefined
  return [baseUrl, tokenUrl, ...(hasYlh ? [ylh.baseUrl, ylh.tokenUrl] : [])]
}

/** The account that places orders. Throws `config` when the service was set up for queries alone. */
export function ylhAccountOf(config: HaierConfig) {
  const missing = groups[0].filter((field) => config[field] === undefined)
  const { ylh_username, ylh_password, ylh_client_id, ylh_client_secret, ylh_source_system } = config
  if (!ylh_username || !ylh_password || !ylh_client_id || !ylh_client_secret || !ylh_source_system)
    throw new IntegrationError({
      kind: 'config',
      message: 'this service has no account in the YLH order system',
      hint: `Orders go through YLH, which has credentials of its own. Set ${missing.join(', ')}.`,
    })
  return {
    username: ylh_username,
    password: ylh_password,
    clientId: ylh_client_id,
    clientSecret: ylh_client_secret,
    sourceSystem: ylh_source_system,
    sellerCode: config.ylh_seller_code ?? config.customer_code,
  }
}

function digits(count: number) {
  // A file without the quotes holds a number, and a code is none: it may begin with a zero.
  const message = `must be ${count} digits`
  return z.string({ error: `${message}, in quotes` }).regex(new RegExp(`^\\d{${count}}$`), message)
}

/** YLH publishes plain HTTP addresses; those hosts, and no others, may be named with http. */
function ylhUrl() {
  return z
    .url({
      protocol: /^https?$/,
      error: `must be a URL such as ${ylhHosts.production}`,
      abort: true,
    })
    .refine((text) => {
      const url = URL.parse(text)
      if (url === null || url.username !== '' || url.password !== '') return false
      const mayBePlain = isLoopback(url.hostname) || plainYlhHosts.includes(url.hostname)
      return url.protocol === 'https:' || mayBePlain
    }, 'must be https and hold no password; plain http is accepted for loopback and YLH’s own hosts')
}

const trimSlash = (url: string): string => url.replace(/\/+$/, '')
