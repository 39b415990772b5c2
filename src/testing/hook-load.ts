/** A vendor that sends callbacks at a fixed pace, whatever is answered, and again what was not answered as taken. */
import { Agent, request } from 'node:http'
import { callbackOf } from '../adapters/haier/twin-callback.ts'
import { systemClock } from '../core/clock.ts'

export type HookLoad = {
  /** Sends `perSecond` for `seconds`; resolves when the last of them has its answer or none. */
  run(pace: { perSecond: number; seconds: number }): Promise<void>
  /** Sends once more whatever has no good answer, until all have one. */
  finish(): Promise<void>
  /** Sends some that were answered already a second time. */
  repeat(count: number): Promise<void>
  /** Events that were sent. */
  sent(): number
  /** How long the good answers took at the first time, in milliseconds, in their order. */
  tookMs: number[]
  /** First requests that had no good answer. */
  refused(): number
}

/** `address` is asked before each request: `127.0.0.1:8787`; undefined while nobody listens. */
export function hookLoad(address: () => string | undefined): HookLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 })
  const open = new Set<number>()
  const tookMs: number[] = []
  let sent = 0
  let refused = 0

  const send = async (order: number): Promise<boolean> => {
    const to = address()
    const data = { ExtOrderNo: `SO.${order}`, PlatformOrderNo: `P-${order}`, State: 1 }
    const made = callbackOf('/hooks/haier', { method: 'confirm', data, at: systemClock.now() })
    return to !== undefined && (await post(agent, to, made).catch(() => 0)) === 200
  }

  const first = async (order: number): Promise<void> => {
    open.add(order)
    const startMs = systemClock.monotonicMs()
    if (await send(order)) {
      open.delete(order)
      tookMs.push(systemClock.monotonicMs() - startMs)
    } else refused++
  }

  return {
    async run({ perSecond, seconds }) {
      const startMs = systemClock.monotonicMs()
      const all: Promise<void>[] = []
      for (let n = 0; n < perSecond * seconds; n++) {
        const waitMs = startMs + (n * 1000) / perSecond - systemClock.monotonicMs()
        if (waitMs > 0) await systemClock.sleep(waitMs)
        all.push(first(sent++))
      }
      await Promise.all(all)
    },
    async finish() {
      while (open.size > 0) {
        for (const order of open) if (await send(order)) open.delete(order)
        if (open.size > 0) await systemClock.sleep(50)
      }
      agent.destroy()
    },
    async repeat(count) {
      for (let order = 0; order < Math.min(count, sent); order++) await send(order)
    },
    sent: () => sent,
    tookMs,
    refused: () => refused,
  }
}

function post(
  agent: Agent,
  address: string,
  made: { url: string; headers: Readonly<Record<string, string | undefined>>; body: Buffer },
): Promise<number> {
  const headers = { ...made.headers, 'content-length': made.body.byteLength }
  return new Promise((resolve, reject) => {
    const sending = request(
      `http://${address}${made.url}`,
      { method: 'POST', agent, headers, timeout: 10_000 },
      (reply) => {
        reply.resume()
        reply.on('end', () => resolve(reply.statusCode ?? 0)).on('error', reject)
      },
    )
    sending.on('timeout', () => sending.destroy(new Error('no answer in time')))
    sending.on('error', reject)
    sending.end(made.body)
  })
}
