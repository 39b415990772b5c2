import type { Service } from '../../calls/call.ts'
import type { Cause } from '../../core/causes.ts'
import type { TestRung } from '../answers/test.ts'
import {
  canLook,
  type OriginReport,
  originOf,
  type Prober,
  type ProbeRung,
  probeRungs,
} from '../../http/probe/index.ts'

export type NetworkReport = {
  rungs: TestRung[]
  /** The first rung that is broken at any of the addresses. */
  broken?: { rung: ProbeRung; cause: Cause; detail: string }
  warnings: string[]
  certificateEndsAt?: Date
}

/** Looks at every distinct origin that the requests of a service may go to, and joins what was seen rung by rung. */
export async function climbNetwork(prober: Prober, service: Service): Promise<NetworkReport> {
  const { http } = service.adapter
  const { config } = service
  const addresses = http.endpoints?.(config) ?? [http.baseUrl(config)]
  const wrong = addresses.find((address) => !URL.canParse(address))
  if (wrong !== undefined) {
    const detail = 'an address of this service is not a URL'
    const rung = { rung: 'dns', status: 'failed', saw: detail, duration_ms: 0 } as const
    const broken = { rung: 'dns', cause: 'config_invalid', detail } as const
    return { rungs: [rung], broken, warnings: [] }
  }
  const urls = addresses.map((address) => new URL(address))
  const origins = new Set(urls.filter(canLook).map(originOf))
  const reports = await Promise.all(
    [...origins].map((origin) => prober.look(origin, service.guards.proxy)),
  )
  const warnings = ignoredProxy(service, urls)
  const network: NetworkReport = { rungs: [], warnings, certificateEndsAt: firstEnd(reports) }
  for (const rung of probeRungs) {
    const joined = joinRung(rung, reports)
    network.rungs.push(joined.shown)
    network.warnings.push(...joined.warnings)
    if (!joined.cause) continue
    network.broken = { rung, cause: joined.cause, detail: joined.shown.saw }
    break
  }
  return network
}

/** Proxies are for HTTP; that one which was set is not used must not be found out by looking at packets. */
function ignoredProxy({ guards }: Service, urls: readonly URL[]): string[] {
  const others = urls.filter(({ protocol }) => !/^https?:$/.test(protocol))
  if (guards.proxy === undefined || others.length === 0) return []
  return [`the proxy of this service is not used: ${others[0]?.host} is asked without HTTP`]
}

/** Which of the addresses is meant goes without saying where there is one, or where the text names it itself. */
const namesItself: readonly ProbeRung[] = ['dns', 'tcp']

function joinRung(rung: ProbeRung, reports: readonly OriginReport[]) {
  const found = reports.flatMap(({ origin, findings }) => {
    const finding = findings[rung]
    return finding ? [{ ...finding, host: new URL(origin).host }] : []
  })
  const failed = found.filter(({ status }) => status === 'failed')
  const told = failed.length > 0 ? failed : found
  const isPlain = reports.length === 1 || namesItself.includes(rung) || failed.length > 0
  const texts = told.map(({ host, saw }) => (isPlain ? saw : `${host}: ${saw}`))
  const has = (status: TestRung['status']) => found.some((each) => each.status === status)
  const shown: TestRung = {
    rung,
    status:
      failed.length > 0 ? 'failed' : has('warning') ? 'warning' : has('ok') ? 'ok' : 'skipped',
    saw: [...new Set(texts)].join('; ') || 'not looked at: neither a web nor a mail address',
    duration_ms: Math.max(0, ...found.map(({ durationMs }) => durationMs)),
  }
  const warnings = found
    .filter(({ status }) => status === 'warning')
    .map(({ host, saw }) => (rung === 'tls' ? `${host}: ${saw}` : saw))
  return { shown, cause: failed[0]?.cause, warnings }
}

const firstEnd = (reports: readonly OriginReport[]): Date | undefined =>
  reports
    .map(({ certificateEndsAt }) => certificateEndsAt)
    .filter((at) => at !== undefined)
    .toSorted((a, b) => a.getTime() - b.getTime())[0]
