import { adapters } from '../adapters/index.ts'
import type { AdapterInfo } from './answers/adapters.ts'

/** Loads every adapter to tell about it. */
export const listAdapters = (): Promise<AdapterInfo[]> =>
  Promise.all(
    adapters.map(async ({ id, kind, load }) => {
      const { title, docs } = await load()
      return { id, kind, title, docs }
    }),
  )
