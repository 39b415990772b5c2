/** The door of the twin: its made-up account, tokens that expire, and the limit of requests a second. */
import type { Clock } from '../../core/clock.ts'
import type { TwinReply, TwinRequest } from '../../core/twin.ts'

/** Account of every twin of Haier. Made up; no vendor knows it. */
export const account = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-client-secret',
  customerCode: '8800633175',
  supplierCode: '1001',
  password: 'sandbox-password',
  customerPassword: 'sandbox-customer-password',
  sellerPassword: 'sandbox-seller-password',
  ylhUsername: 'sandbox-user',
  ylhPassword: 'sandbox-ylh-password',
  ylhClientId: 'sandbox-ylh-client',
  ylhClientSecret: 'sandbox-ylh-client-secret',
  sourceSystem: 'CARAVAN',
  shopName: '海尔沙箱店',
  appKey: 'sandbox-app',
  appSecret: 'Sandbox-App-Secret',
} as const

/** An answer that is a failure. Failures are always wrapped. */
export const fail = (status: number, code: string, message: string): TwinReply => ({
  status,
  json: { success: false, code, message, data: null },
})

export type Tokens = {
  issue(): string
  isGood(token: string): boolean
  /** Every token given out so far is refused from now on. */
  expireAll(): void
}

export function createTokens(prefix: string, lifetimeS: number, clock: Clock): Tokens {
  const goodUntilMs = new Map<string, number>()
  let issued = 0
  return {
    issue() {
      const token = `${prefix}-${++issued}-${Math.floor(clock.monotonicMs()).toString(36)}`
      goodUntilMs.set(token, clock.monotonicMs() + lifetimeS * 1000)
      return token
    },
    isGood: (token) => clock.monotonicMs() < (goodUntilMs.get(token) ?? -Infinity),
    expireAll: () => goodUntilMs.clear(),
  }
}

/** At most `perSecond` requests in any second; 0 is no limit. True: this request is one of them. */
export function createWindow(perSecond: number, clock: Clock): () => boolean {
  const passedMs: number[] = []
  return () => {
    if (perSecond === 0) return true
    const nowMs = clock.monotonicMs()
    while (nowMs - (passedMs[0] ?? nowMs) >= 1000) passedMs.shift()
    if (passedMs.length >= perSecond) return false
    passedMs.push(nowMs)
    return true
  }
}

/** The body as JSON; undefined when it is not, or when it is not declared to be. */
export function jsonOf(request: TwinRequest): unknown {
  if (!request.headers['content-type']?.startsWith('application/json')) return undefined
  try {
    return JSON.parse(request.body.toString())
  } catch {
    return undefined
  }
}
