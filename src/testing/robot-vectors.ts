/** Runs the vectors of a chat robot through the adapter itself, over the real call path. */
import { describe, expect, it } from 'vitest'
import { mayNext } from '../calls/repeat.ts'
import { checkAgainst } from '../config/issues.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { IntegrationError } from '../core/errors.ts'
import type { AlertResult } from '../core/kinds/alert.ts'
import { connect, startVendor } from './vendor.ts'
import { vectors } from './vectors.ts'

export type RobotVectors = {
  /** Name of the vendor in the vectors. */
  provider: string
  /** The config of a service that asks a vendor at `url`. */
  config(url: string): Record<string, unknown>
  /** The vendor's reply that says this. */
  reply(code: unknown, message: string): unknown
}

const classes: Record<string, readonly string[]> = {
  configuration: ['config', 'auth'],
  'rate-limit': ['rate_limited'],
  'request-invalid': ['rejected'],
  retryable: ['unavailable', 'timeout', 'bad_response'],
}

type Asked = {
  provider: string
  httpStatus: number
  code: unknown
  message?: string
  rawBody?: string
}
type Failed = {
  class: string
  kind?: string
  outcome?: string
  code?: string
  scope?: string
  failover?: boolean
  retryAfterSeconds?: number
}
type Mapped = { status: string; partial: boolean; error?: Failed }
type Configured = { provider: string; config: Record<string, unknown> }
type Judged = { valid: boolean; field?: string; warning?: boolean | string }

export function describeRobotVectors(adapter: AnyAdapter, robot: RobotVectors): void {
  const ours = <Each extends { input: { provider: string } }>(each: Each) =>
    each.input.provider === robot.provider

  async function notify(status: number, text: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const vendor = await startVendor({ status, text, headers })
    const { call } = await connect(adapter, robot.config(vendor.url), { attempts: 1 })
    return call('notify', { title: 'title', text: 'text' }).catch((error: unknown) => error)
  }

  describe(`${adapter.id} against the vectors`, () => {
    it.each(vectors<Asked, Failed>('messaging/error-classification', ours))(
      'means the same by $id',
      async ({ input, expect: meant }) => {
        const reply = robot.reply(input.code, input.message ?? '')

        const error = await notify(input.httpStatus, JSON.stringify(reply))

        expect(error).toBeInstanceOf(IntegrationError)
        const { kind, outcome, code, scope = 'account', retryAfterMs } = error as IntegrationError
        expect({ kind, outcome, code }).toEqual({
          kind: meant.kind,
          outcome: meant.outcome,
          code: String(input.code),
        })
        expect(classes[meant.class]).toContain(kind)
        expect(scope).toBe(meant.scope ?? 'account')
        expect(retryAfterMs).toBe(meant.retryAfterSeconds && meant.retryAfterSeconds * 1000)
        // The vectors know messages that must not arrive twice; alerts may, but a failure means the same.
        expect(mayNext(error, 'once')).toBe(meant.failover)
      },
    )

    it.each(vectors<Asked, Mapped>('messaging/result-mapping', ours))(
      'makes the same of $id',
      async ({ input, expect: meant }) => {
        const answer = await notify(input.httpStatus, input.rawBody ?? '')

        const result =
          answer instanceof IntegrationError
            ? { status: answer.outcome === 'unknown' ? 'unknown' : 'failed', partial: false }
            : { status: (answer as AlertResult).status, partial: (answer as AlertResult).partial }
        expect(result).toEqual({ status: meant.status, partial: meant.partial })
        const error = answer instanceof IntegrationError ? answer : undefined
        expect(error?.code).toBe(meant.error?.code)
        expect(
          meant.error === undefined || classes[meant.error.class]?.includes(error?.kind ?? ''),
        ).toBe(true)
      },
    )

    it.each(vectors<Configured, Judged>('messaging/config-validation', ours))(
      'thinks the same of the config $id',
      ({ input, expect: meant }) => {
        const checked = checkAgainst(adapter.config, input.config)

        const faults = checked.ok ? (adapter.checkConfig?.(checked.value) ?? []) : checked.issues
        expect(faults.length === 0).toBe(meant.valid)
        const named = faults.map((fault) => ('field' in fault ? fault.field : fault.path.join('.')))
        expect(named).toEqual(meant.field === undefined ? [] : [meant.field])
        expect(JSON.stringify(faults)).not.toContain(String(input.config.webhook))
        const warned = checked.ok ? (adapter.warnConfig?.(checked.value) ?? []) : []
        expect(warned.length > 0).toBe(Boolean(meant.warning))
      },
    )
  })
}
