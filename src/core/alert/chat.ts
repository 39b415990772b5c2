/** What the twins of chat vendors share: a chat that keeps what was posted, and a limit on posts a minute. */
import type { Clock } from '../clock.ts'
import type { Twin } from '../twin.ts'

/** A twin whose posts can be looked at. */
export type AlertTwin = Twin & {
  /** What people see in the chat, one text for each message, oldest first. */
  posted(): string[]
}

export type Chat = {
  /** False when the limit is used up; a request that is refused counts as well. */
  mayPass(): boolean
  post(text: string): void
  posted(): string[]
}

const windowMs = 60_000
/** A sandbox may run for days. */
const maxKept = 10_000

/** `perMinute`: 0 for no limit. */
export function createChat(perMinute: number, clock: Clock): Chat {
  let recentMs: number[] = []
  const texts: string[] = []
  return {
    mayPass() {
      if (perMinute === 0) return true
      const nowMs = clock.monotonicMs()
      recentMs = [...recentMs.filter((atMs) => nowMs - atMs < windowMs), nowMs]
      return recentMs.length <= perMinute
    },
    post(text) {
      texts.push(text)
      if (texts.length > maxKept) texts.shift()
    },
    posted: () => [...texts],
  }
}
