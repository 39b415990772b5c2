import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Lane, workAhead } from './ahead.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n
}

const options = () => ({
  depth: 4,
  together: 2,
  calls: 3,
  signal: new AbortController().signal,
})

it('hands results out in the order of the pieces, however they end', async () => {
  const work = async (n: number) => {
    for (let wait = n % 3; wait > 0; wait--) await turn()
    return n
  }

  const handed = await Array.fromAsync(workAhead(numbers(8), work, options()))

  expect(handed).toEqual([[0], [1, 2], [3, 4], [5, 6], [7]])
})

it('lets the first piece go alone, then keeps to depth and to calls', async () => {
  let [begun, handed, calling, mostCalling] = [0, 0, 0, 0]
  const ahead: number[] = []
  const work = async (_: number, { call }: Lane) => {
    ahead.push(++begun - handed)
    const one = () =>
      call(async () => {
        mostCalling = Math.max(mostCalling, ++calling)
        await turn()
        calling--
      })
    await Promise.all([one(), one(), one()])
  }

  for await (const results of workAhead(numbers(12), work, options())) {
    handed += results.length
  }

  expect(handed).toBe(12)
  expect(ahead.slice(0, 3)).toEqual([1, 1, 2])
  expect(Math.max(...ahead)).toBe(4)
  expect(mostCalling).toBe(3)
})

it('stops every piece when one has met what all will meet, and tells that', async () => {
  const reason = new Error('refused')
  let made = 0
  const work = async (n: number, { stop, call, signal }: Lane) => {
    await call(async () => {
      signal.throwIfAborted()
      made++
      await turn()
      if (n === 2) stop(reason)
    })
  }

  const run = Array.fromAsync(workAhead(numbers(1000), work, { ...options(), calls: 1 }))

  await expect(run).rejects.toBe(reason)
  expect(made).toBeLessThanOrEqual(4)
})

it('stops what is under way, and waits for it, when its reader leaves', async () => {
  let open = 0
  const work = async (n: number, { signal }: Lane) => {
    open++
    if (n > 0) await once(signal, 'abort')
    open--
  }

  for await (const _ of workAhead(numbers(10), work, options())) break

  expect(open).toBe(0)
})

it('tells the reason of whoever stops the run', async () => {
  const outer = new AbortController()
  const work = async (n: number) => {
    if (n === 3) outer.abort(new Error('asked to stop'))
    await turn()
  }

  const run = Array.fromAsync(workAhead(numbers(100), work, { ...options(), signal: outer.signal }))

  await expect(run).rejects.toThrow('asked to stop')
})
