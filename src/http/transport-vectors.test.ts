import { afterEach, expect, it, vi } from 'vitest'
import { IntegrationError } from '../core/errors.ts'
import { type Classified, classified, wantedOf } from '../testing/messaging.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect } from '../testing/vendor.ts'
import { vectors } from '../testing/vectors.ts'

afterEach(() => void vi.unstubAllGlobals())

const cases = vectors<
  { provider: string; transportError: string },
  Classified & Record<string, unknown>
>('messaging/error-classification', ({ input }) => input.provider === 'any')

/** As `fetch` throws: the cause that says what happened stands below a `TypeError` that does not. */
function throwing(code: string): typeof fetch {
  return async (_, init) => {
    if (code === 'AbortError-timeout') {
      const { signal } = init ?? {}
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
    }
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
  }
}

it.each(cases)('$id', async ({ input, expect: wanted }) => {
  vi.stubGlobal('fetch', throwing(input.transportError))
  const config = { base_url: 'https://api.example.com', key: 'k' }
  const { call } = await connect(trialAdapter, config, { attempts: 1, timeoutMs: 50 })

  const error: unknown = await call('payOnce', { id: '1' }).catch((thrown: unknown) => thrown)

  expect(error).toBeInstanceOf(IntegrationError)
  expect(classified(error as IntegrationError)).toMatchObject(wantedOf(wanted))
})
