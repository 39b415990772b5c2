/** docs/api.md: what the listener can be asked, made from its routes and tables. */
import { scopes } from '../src/app/tokens.ts'
import { jsonSchemaOf } from '../src/app/answers/json-schema.ts'
import { exitCodes, type Exit } from '../src/core/exit-codes.ts'
import { refusals } from '../src/core/refusals.ts'
import { statusOfCode, statusOfExit } from '../src/daemon/listener/faults.ts'
import { standardLimits } from '../src/daemon/listener/guard.ts'
import type { ApiRoute } from '../src/daemon/listener/route.ts'
import { apiRoutes } from '../src/daemon/listener/routes/index.ts'

const { perToken, perStranger, perHookSender } = standardLimits

export const apiPage = (): string => `# The listener

A daemon listens when \`integrations.yaml\` says where; without the line it does not.

\`\`\`yaml
listen: 127.0.0.1:8787
trusted_proxies: [127.0.0.1]   # only with a reverse proxy in front
\`\`\`

It speaks plain HTTP. Whoever is to reach it from elsewhere, such as vendors with their webhooks, comes through a reverse
proxy that speaks TLS. Name the proxy in \`trusted_proxies\`: then its \`X-Forwarded-For\`, \`-Proto\` and \`-Host\` are
believed, and nobody else's are. A change of the address takes effect without a restart.

| address | for | token |
| --- | --- | --- |
| \`/healthz\` | 200 when the scheduler has ticked within the last minute and the database answers; else 503, naming which; whatever the Host header names, for it tells nothing else | none |
| \`/metrics\` | Prometheus text | scope \`read\`; none from this machine itself, when the listener is on loopback and no proxy is in between |
| \`/hooks/<service>\` | webhooks of vendors, POST and GET | none: the signature of the vendor decides |
| all below | the API | the scope that is named |

## Tokens

\`\`\`sh
caravan token create shop --scope read,call --expires 90d
\`\`\`

prints the token on stdout, this once: only its hash is kept. It goes with each request, and nowhere else:

\`\`\`sh
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8787/integrations/services
\`\`\`

${table(['scope', 'what its holder may do'], Object.entries(scopes))}

No scope holds another one. \`caravan token revoke\` ends a token at once. What is switched or queued over the API is kept
under the name of the token.

## Answers

Bodies are JSON. An answer has the shape that the command prints with \`--json\`, published in [json](json/README.md);
\`GET /openapi.json\` describes all of it in OpenAPI 3.1. Each answer carries \`x-correlation-id\`: the one of the request,
or a new one. The log of the daemon and the call log have it too.

What did not work is told in one shape:

\`\`\`json
{ "error": { "code": "service_unknown", "message": "…", "hint": "…", "see": null } }
\`\`\`

\`code\` is one of [errors.md](errors.md), or of these:

${table(
  ['status', 'code', 'meaning'],
  Object.entries(refusals).map(([code, { status, meaning }]) => [
    String(status),
    `\`${code}\``,
    meaning,
  ]),
)}

A GET that finds what it asks for is 200, whatever that says. The status of everything else follows from the exit code
that the command would have:

${table(
  ['status', 'meaning'],
  statuses().map(([status, meanings]) => [status, meanings.join('; ')]),
)}

Where that says too little, the code decides:

${table(
  ['status', 'code'],
  Object.entries(statusOfCode).map(([code, status]) => [String(status), `\`${code}\``]),
)}

A fault on the side of caravan, such as a config that is wrong, is 500 and told by its code alone; the log says more.

Limits: ${perToken.perSecond} requests a second for each token, ${perToken.burst} at once; ${perStranger.perSecond} a second, ${perStranger.burst} at once, for an address whose
tokens are refused; ${perHookSender.perSecond} webhooks a second for each address. Over it the answer is 429 with \`Retry-After\`. A body has at
most 1 MB, and a request has 30 seconds to arrive.

## Routes

${table(
  ['', '', 'scope', 'what it does'],
  apiRoutes.map(({ method, path, scope, summary }) => [
    method,
    `[\`${path}\`](#${anchorOf({ method, path })})`,
    scope,
    summary,
  ]),
)}

${apiRoutes.map(section).join('\n\n')}
`

function section(route: ApiRoute): string {
  const { method, path, scope, summary, notes, query, body, answer, statuses: named } = route
  const file = `json/${answer.replaceAll(' ', '-')}.json`
  return [
    `### ${method} ${path}`,
    `${summary}. Scope \`${scope}\`.${notes === undefined ? '' : ` ${notes}`}`,
    query && `Query:\n\n${fieldTable(query)}`,
    body && `Body:\n\n${fieldTable(body)}`,
    named && table(['status', ''], Object.entries(named)),
    `Answer: [as \`caravan ${answer} --json\`](${file}).`,
  ]
    .filter(Boolean)
    .join('\n\n')
}

type Described = {
  required?: string[]
  properties?: Record<
    string,
    { type?: string; enum?: string[]; default?: unknown; description?: string }
  >
}

function fieldTable(schema: NonNullable<ApiRoute['body']>): string {
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input') as Described
  return table(
    ['name', 'value', ''],
    Object.entries(properties).map(([name, field]) => {
      const value =
        field.enum?.join(', ') ?? (field.type === 'object' ? 'an object' : (field.type ?? 'text'))
      const fallback =
        field.default === undefined ? '' : `; ${JSON.stringify(field.default)} when left out`
      const needed = required.includes(name) ? '; needed' : ''
      return [`\`${name}\``, `${value}${needed}${fallback}`, field.description ?? '']
    }),
  )
}

function statuses(): [status: string, meanings: string[]][] {
  const byStatus = new Map<string, string[]>()
  for (const [exit, status] of Object.entries(statusOfExit)) {
    const { meaning } = exitCodes[exit as Exit]
    byStatus.set(String(status), [...(byStatus.get(String(status)) ?? []), meaning])
  }
  return [...byStatus].toSorted(([a], [b]) => Number(a) - Number(b))
}

const anchorOf = ({ method, path }: Pick<ApiRoute, 'method' | 'path'>): string =>
  `${method} ${path}`
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

const cell = (text: string): string => text.replaceAll('|', '\\|')
