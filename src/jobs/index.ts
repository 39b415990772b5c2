import type { AnyJob } from './define.ts'

/** A job as the list names it, before it is loaded. */
export type JobEntry = { id: string; title: string; load(): Promise<AnyJob> }

/** Adding a job is one line here. */
export const jobs: readonly JobEntry[] = [
  {
    id: 'haier-products',
    title: 'Haier catalogue, prices and stock',
    load: async () => (await import('./haier-products/index.ts')).haierProducts,
  },
  {
    id: '1c-catalog',
    title: '1C catalogue, prices, stock and customers from CommerceML files',
    load: async () => (await import('./1c-catalog/index.ts')).onecCatalog,
  },
]
