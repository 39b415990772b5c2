/** A small kind and an adapter for it, for tests of the call path. */
import { z } from 'zod'
import { defineAdapter, type Adapter } from '../core/adapter.ts'
import { defineKind } from '../core/kind.ts'
import { secret } from '../core/secret.ts'
import { defineTwin } from '../core/twin.ts'

const input = z.object({ id: z.string(), phone: z.string().optional() })
const output = z.unknown()
const read = { effect: 'read', input, output } as const
const write = { effect: 'money', input, output } as const

export const trialKind = defineKind({
  id: 'trial',
  title: 'Trial',
  operations: {
    read: { ...read, summary: 'Reads' },
    payByKey: { ...write, summary: 'Pays; the vendor drops duplicates' },
    payOnce: { ...write, summary: 'Pays; a second request pays twice' },
    list: { ...read, summary: 'Lists', item: z.string() },
  },
})

export const trialConfig = z.object({ base_url: z.string(), key: secret('API key') })

/** Each operation makes one POST to its own name; `list` emits the two halves of what it was sent. */
export const trialAdapter: Adapter<typeof trialKind, typeof trialConfig> = defineAdapter({
  id: 'trial',
  kind: trialKind,
  title: 'Trial',
  docs: 'https://example.com',
  config: trialConfig,
  limits: { timeoutMs: 2000 },
  http: {
    baseUrl: (config) => config.base_url,
    authorize(request, { config }) {
      request.headers.authorization = `Bearer ${config.key.reveal()}`
    },
  },
  operations: {
    read: {
      repeat: 'safe',
      run: ({ http }, json) => http.json({ method: 'POST', url: '/read', json }),
    },
    payByKey: {
      repeat: 'keyed',
      run: ({ http, idempotencyKey }, json) =>
        http.json({ method: 'POST', url: '/pay', json, headers: { 'x-key': idempotencyKey } }),
    },
    payOnce: {
      repeat: 'once',
      run: ({ http }, json) => http.json({ method: 'POST', url: '/pay', json }),
    },
    list: {
      repeat: 'safe',
      async run({ http }, json, emit) {
        await emit(['first'])
        await http.json({ method: 'POST', url: '/list', json })
        await emit(['second'])
        return { count: 2 }
      },
    },
  },
  check: async ({ http }) => {
    await http.json({ method: 'GET', url: '/check' })
    return 'fine'
  },
  twin: defineTwin({
    options: z.object({}),
    config: (url) => ({ base_url: url, key: 'twin-key' }),
    create: () => ({
      handle: ({ path, headers }) =>
        path === '/check' && headers.authorization !== 'Bearer twin-key'
          ? { status: 401, json: {} }
          : { json: {} },
      stats: () => ({}),
    }),
  }),
})
