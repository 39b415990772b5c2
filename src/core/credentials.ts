import type { Clock } from './clock.ts'

/** A token and when to stop trusting it, in milliseconds from now. */
export type Credential = { value: string; lifetimeMs: number }

/** Tokens by name. However many calls ask for a missing one at once, it is fetched once. */
export type CredentialCache = {
  get(name: string, fetch: () => Promise<Credential>): Promise<string>
  /** Forgets a token the vendor refused, unless another call has replaced it already. */
  drop(name: string, refused: string): void
  /** The token held now, without fetching one. */
  peek(name: string): string | undefined
}

type Held = { value: string; goodUntilMs: number }

export function createCredentialCache(clock: Clock): CredentialCache {
  const held = new Map<string, Held>()
  const fetching = new Map<string, Promise<string>>()

  async function refresh(name: string, fetch: () => Promise<Credential>): Promise<string> {
    try {
      const { value, lifetimeMs } = await fetch()
      held.set(name, { value, goodUntilMs: clock.monotonicMs() + lifetimeMs })
      return value
    } finally {
      fetching.delete(name)
    }
  }

  return {
    async get(name, fetch) {
      const token = held.get(name)
      if (token && clock.monotonicMs() < token.goodUntilMs) return token.value
      const pending = fetching.get(name) ?? refresh(name, fetch)
      fetching.set(name, pending)
      return pending
    },
    drop(name, refused) {
      if (held.get(name)?.value === refused) held.delete(name)
    },
    peek: (name) => held.get(name)?.value,
  }
}
