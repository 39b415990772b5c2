/**
 * What can be known of an address before anything is asked of it with credentials: its name, its port, its certificate
 * and its clock, on one connection that sends `HEAD /` and nothing else.
 */
import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import { type Clock } from '../../core/clock.ts'
import { proxyFor } from '../proxy.ts'
import { type Secured, secure } from './certificate.ts'
import {
  type Lookup,
  open,
  placeOf,
  placeText,
  proxyAuth,
  resolve,
  secureProxy,
  systemLookup,
  tunnel,
} from './connect.ts'
import { readSkew, type Skew } from './date.ts'
import { type Finding, ProbeFault } from './finding.ts'

export type { Finding } from './finding.ts'

export const probeRungs = ['dns', 'tcp', 'tls', 'clock'] as const
export type ProbeRung = (typeof probeRungs)[number]

/** What was seen of one origin, as far as the first rung that is broken. */
export type OriginReport = {
  /** `https://api.example.com`, or `smtp://mail.example.com:587`. */
  origin: string
  findings: Partial<Record<ProbeRung, Finding>>
  certificateEndsAt?: Date
  /** How far the vendor's clock is ahead of ours. */
  skewMs?: number
}

export type ProberOptions = {
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  /** Ends everything; what it cuts short is thrown with its reason. */
  signal: AbortSignal
  /** For each rung. */
  rungMs: number
  lookup?: Lookup
}

export type Prober = {
  /**
   * Looks at the origin of an address, through the proxy its requests would take. The same one is looked at once. Mail
   * servers are asked nothing, and are reached without a proxy.
   */
  look(url: string, ownProxy?: string): Promise<OriginReport>
}

/** What can be looked at: web servers and mail servers. */
export const canLook = ({ protocol }: URL): boolean => isWeb(protocol) || isMail(protocol)

const isWeb = (protocol: string): boolean => protocol === 'https:' || protocol === 'http:'
const isMail = (protocol: string): boolean => protocol === 'smtps:' || protocol === 'smtp:'

/** `URL.origin` knows web addresses alone. */
export const originOf = ({ protocol, host }: URL): string => `${protocol}//${host}`

export function createProber(options: ProberOptions): Prober {
  const looks = new Map<string, Promise<OriginReport>>()
  return {
    look(address, ownProxy) {
      const url = new URL(originOf(new URL(address)))
      const proxy = isWeb(url.protocol) ? proxyFor(url, ownProxy, options.env) : undefined
      const key = `${originOf(url)} ${proxy ?? ''}`
      const known = looks.get(key) ?? climb(options, url, proxy)
      looks.set(key, known)
      return known
    },
  }
}

/** A certificate with fewer days left is shown as a warning. */
export const fewDays = 14
const largeSkewMs = 5 * 60_000
const smallSkewMs = 30_000

async function climb(
  options: ProberOptions,
  url: URL,
  proxyText: string | undefined,
): Promise<OriginReport> {
  const report: OriginReport = { origin: originOf(url), findings: {} }
  const step = stepper(options, report)
  const proxy = proxyText === undefined ? undefined : URL.parse(proxyText)
  if (proxy === null) {
    const told = async () =>
      Promise.reject(new ProbeFault('proxy_failed', 'the proxy is not a URL'))
    await step('dns', told)
    return report
  }
  const first = placeOf(proxy ?? url)
  const target = placeOf(url)
  const isTls = url.protocol === 'https:' || url.protocol === 'smtps:'
  let socket: Socket | undefined
  try {
    const addresses = await step('dns', async (signal) => {
      const found = await asProxy(
        proxy,
        resolve(first.host, options.lookup ?? systemLookup, signal),
      )
      return [found, { saw: seenAddresses(first.host, found, proxy !== undefined) }]
    })
    if (!addresses) return report

    socket = await step('tcp', async (signal) => {
      let raw = await asProxy(proxy, open(first, addresses, signal))
      if (proxy?.protocol === 'https:') raw = await secureProxy(raw, proxy, signal)
      if (proxy && isTls) await closing(raw, tunnel(raw, proxy, target, signal))
      const through = proxy ? `${placeText(target)} through the proxy ` : ''
      return [raw, { saw: `${through}${placeText(first)}` }]
    })
    if (!socket) return report

    const raw = socket
    if (isTls) {
      const secured = await step('tls', async (signal) => {
        const made = await secure(raw, target, signal, isMail(url.protocol) ? [] : ['http/1.1'])
        return [made, certificateSeen(made, options.clock.now())]
      })
      if (!secured) return report
      report.certificateEndsAt = secured.endsAt
      socket = secured.socket
    } else report.findings.tls = skipped(plainly(url))

    if (isMail(url.protocol)) {
      report.findings.clock = skipped('not seen: a mail server does not say what time it is')
      return report
    }
    const speaking = socket
    await step('clock', async (signal) => {
      const plainProxy = proxy && !isTls ? proxy : undefined
      const skew = await readSkew(speaking, url, {
        clock: options.clock,
        signal,
        wholeUrl: plainProxy !== undefined,
        headers: plainProxy ? proxyAuth(plainProxy).flatMap((line) => line.split(': ')) : [],
      })
      if ('aheadMs' in skew) report.skewMs = skew.aheadMs
      return [undefined, clockSeen(skew, url)]
    })
    return report
  } finally {
    socket?.destroy()
  }
}

const skipped = (saw: string): Finding => ({ status: 'skipped', saw, durationMs: 0 })

const plainly = ({ protocol }: URL): string =>
  isMail(protocol)
    ? 'begins in clear; what comes after STARTTLS is seen by the last rung'
    : 'none: plain http'

type Seen = { status?: Finding['status']; saw: string }
type Look<T> = (signal: AbortSignal) => Promise<readonly [T, Seen]>

/** Makes one rung under its own time limit and writes down what it found. Undefined: it is broken. */
function stepper({ clock, signal, rungMs }: ProberOptions, report: OriginReport) {
  return async <T>(rung: ProbeRung, look: Look<T>): Promise<T | undefined> => {
    const startedMs = clock.monotonicMs()
    const tookMs = () => Math.round(clock.monotonicMs() - startedMs)
    const timer = new AbortController()
    const late = new AbortController()
    clock.sleep(rungMs, timer.signal).then(
      () => late.abort(),
      () => undefined,
    )
    try {
      const [value, { status = 'ok', saw }] = await look(AbortSignal.any([signal, late.signal]))
      report.findings[rung] = { status, saw, durationMs: tookMs() }
      return value
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!(error instanceof ProbeFault)) throw error
      const { why: cause, message: saw } = error
      report.findings[rung] = { status: 'failed', cause, saw, durationMs: tookMs() }
      return undefined
    } finally {
      timer.abort('over')
    }
  }
}

/** Whatever keeps us from a proxy is a fault of the proxy. */
async function asProxy<T>(proxy: URL | undefined, promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (!proxy || !(error instanceof ProbeFault)) throw error
    throw new ProbeFault('proxy_failed', `the proxy: ${error.message}`)
  }
}

async function closing(socket: Socket, promise: Promise<void>): Promise<void> {
  try {
    await promise
  } catch (error) {
    socket.destroy()
    throw error
  }
}

const shownAddresses = 4

function seenAddresses(host: string, found: readonly LookupAddress[], isProxy: boolean): string {
  const who = isProxy ? `the proxy ${host}` : host
  const list = found.map(({ address }) => address)
  if (list.length === 1 && list[0] === host) return `${who} is an address`
  const shown = list.slice(0, shownAddresses).join(', ')
  return `${who}: ${shown}${list.length > shownAddresses ? ', …' : ''}`
}

const dayMs = 86_400_000

function certificateSeen({ protocol, endsAt }: Secured, now: Date): Seen {
  if (!endsAt) return { saw: protocol }
  const days = Math.floor((endsAt.getTime() - now.getTime()) / dayMs)
  const saw = `${protocol}, the certificate ends in ${days === 1 ? '1 day' : `${days} days`}`
  return { status: days < fewDays ? 'warning' : 'ok', saw }
}

function clockSeen(skew: Skew, url: URL): Seen {
  if ('unknown' in skew) return { status: 'skipped', saw: `not seen: ${skew.unknown}` }
  const size = Math.abs(skew.aheadMs)
  if (size < smallSkewMs) return { saw: 'in step' }
  const direction = skew.aheadMs > 0 ? 'behind' : 'ahead of'
  const saw = `this machine is ${Math.round(size / 1000)} s ${direction} ${url.host}`
  if (size > largeSkewMs) throw new ProbeFault('clock_skewed', saw)
  return { status: 'warning', saw }
}
