import { adapters } from '../adapters/index.ts'

export type AdapterInfo = { id: string; kind: string; title: string; docs: string }

/** Loads every adapter to tell about it. */
export const listAdapters = (): Promise<AdapterInfo[]> =>
  Promise.all(
    adapters.map(async ({ id, kind, load }) => {
      const { title, docs } = await load()
      return { id, kind, title, docs }
    }),
  )
