import type { AdapterEntry } from '../core/adapter.ts'

/**
 * Every adapter there is; adding one is one line here. Each is loaded when a service of it is used: a program that
 * opened forty vendors' schemas for every command would be slow to start.
 */
export const adapters: readonly AdapterEntry[] = [
  { id: 'haier', kind: 'supplier', load: async () => (await import('./haier/index.ts')).haier },
]
