import { IntegrationError } from '../core/errors.ts'
import type { HttpRequest, SignableRequest } from '../core/http.ts'

/** Joins base URL, path and query, and turns the body into bytes: what a signature is made over. Throws `config`. */
export function toSignable(baseUrl: string, request: HttpRequest): SignableRequest {
  const url = readUrl(baseUrl, request.url)
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.append(name, String(value))
  }
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers }
  const body = encodeBody(request)
  if (body) headers['content-type'] ??= body.type
  return { method: request.method, url, headers, body: body?.bytes ?? new Uint8Array() }
}

/** No message quotes the address: it may hold a password or a signature. */
function readUrl(baseUrl: string, asked: string): URL {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(asked)
  const joint = asked.startsWith('/') ? '' : '/'
  const url = URL.parse(isAbsolute ? asked : baseUrl.replace(/\/$/, '') + joint + asked)
  if (!url) throw unusable('the address is not a URL', 'Check base_url.')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw unusable(`addresses that begin with ${url.protocol} are not opened`, 'Use https.')
  }
  if (url.username !== '' || url.password !== '') {
    const hint =
      'Addresses end up in logs. Put the password into the field that the config has for it.'
    throw unusable('the address holds a user name or a password', hint)
  }
  return url
}

const unusable = (message: string, hint: string): IntegrationError =>
  new IntegrationError({ kind: 'config', outcome: 'not_done', message, hint })

function encodeBody(request: HttpRequest): HttpRequest['body'] {
  if (request.body) return request.body
  const encoder = new TextEncoder()
  if (request.json !== undefined) {
    return { type: 'application/json', bytes: encoder.encode(JSON.stringify(request.json)) }
  }
  if (request.form) {
    const text = new URLSearchParams(request.form).toString()
    return { type: 'application/x-www-form-urlencoded', bytes: encoder.encode(text) }
  }
  return undefined
}
