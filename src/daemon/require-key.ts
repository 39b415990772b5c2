import type { App } from '../app/app.ts'

/** Throws `key_missing`, `key_wrong`, or what else keeps the stored secrets from being read; nothing where there are none. */
export async function requireKey(app: App): Promise<void> {
  const store = await app.secrets()
  if ((await store.list()).length > 0) await store.unlocked()
}
