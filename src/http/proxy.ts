import { isLoopback } from '../core/service-url.ts'

/** `fetch` as the client uses it. */
export type Fetch = typeof globalThis.fetch

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy a request must take: the service's own, else the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, less what
 * `NO_PROXY` names). Undefined: none. Loopback hosts never go through one.
 */
export function proxyFor(url: URL, own: string | undefined, env: Environment): string | undefined {
  if (isLoopback(url.hostname)) return undefined
  if (own) return own
  const named =
    url.protocol === 'https:'
      ? (env.HTTPS_PROXY ?? env.https_proxy)
      : (env.HTTP_PROXY ?? env.http_proxy)
  return named && !isExempt(url, env.NO_PROXY ?? env.no_proxy ?? '') ? named : undefined
}

/** `NO_PROXY` is a list of hosts, `.suffixes` and `host:port`; `*` exempts everything. */
function isExempt(url: URL, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      const [name = '', port] = entry.toLowerCase().split(':')
      if (port && port !== url.port) return false
      const host = name.replace(/^\*?\./, '')
      return name === '*' || url.hostname === host || url.hostname.endsWith(`.${host}`)
    })
}

/** A `fetch` that goes through the proxy. undici is loaded here and nowhere else: it costs start-up time. */
export async function proxiedFetch(proxy: string): Promise<Fetch> {
  const { ProxyAgent, fetch } = await import('undici')
  const dispatcher = new ProxyAgent(proxy)
  return ((input: string, init: object) =>
    fetch(input, { ...init, dispatcher })) as unknown as Fetch
}
