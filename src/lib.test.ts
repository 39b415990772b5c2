import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './core/clock.ts'
import { CaravanError, IntegrationError, openCaravan } from './lib.ts'
import { emptyProject } from './testing/program.ts'
import { servedProject } from './testing/served-project.ts'

const message = { to: '+79991234567', text: 'Your order is on its way' }

const written: string[] = []
vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
const exit = vi.spyOn(process, 'exit')

/** It never prints and never ends the process, whatever a test does with it. */
afterEach(() => {
  const said = written.splice(0).join('')
  if (said !== '' || exit.mock.calls.length > 0) throw new Error(`it printed, or ended: ${said}`)
})

async function opened(wanted: Record<string, string> = { 'sms-main': 'sms-ru' }) {
  const made = await servedProject(wanted)
  return { ...made, options: { config: made.file('integrations.yaml'), env: {} } }
}

it('calls, and tells what became of it', async () => {
  const { options } = await opened()
  await using caravan = await openCaravan(options)

  const result = await caravan.call('sms.send', message)
  const state = await caravan.result(result.id)

  expect(result).toMatchObject({
    outcome: 'done',
    service: 'sms-main',
    ageMs: null,
    isStale: false,
    items: [],
    output: { recipients: [{ to: '+79991234567', status: 'accepted' }] },
  })
  expect(state).toMatchObject({
    id: result.id,
    operation: 'sms.send',
    status: 'done',
    error: null,
    finishedAt: expect.stringMatching(/Z$/),
  })
  expect(state.output).toEqual(result.output)
})

it('hands out what an operation lists', async () => {
  const { options } = await opened({ haier: 'haier' })
  await using caravan = await openCaravan(options)

  const result = await caravan.call('supplier.listProducts', {})

  expect(result.items.length).toBeGreaterThan(0)
  expect(result.output).toEqual({ count: result.items.length })
  expect(await caravan.result(result.id)).toMatchObject({ status: 'done' })
})

it('queues without sending', async () => {
  const { options, twins } = await opened()
  await using caravan = await openCaravan(options)

  const { id } = await caravan.enqueue('sms.send', message)

  expect(await caravan.result(id, { waitMs: 10 })).toMatchObject({ id, status: 'pending' })
  expect(twins['sms-main']?.twin.stats().messages).toBe(0)
})

it('the same key sends once, also from two programs at once', async () => {
  const { options, twins } = await opened()
  await using first = await openCaravan(options)
  await using second = await openCaravan(options)
  const keyed = { idempotencyKey: 'order-7' }

  const one = await first.call('sms.send', message, keyed)
  const two = await second.call('sms.send', message, keyed)

  expect(two.id).toBe(one.id)
  expect(two.output).toEqual(one.output)
  expect(twins['sms-main']?.twin.stats().messages).toBe(1)
})

describe('failures', () => {
  it('a service that could not be opened once is opened anew the next time', async () => {
    const { options, file, twins } = await opened()
    const url = twins['sms-main']?.url ?? ''
    const text = await readFile(options.config, 'utf8')
    await writeFile(options.config, text.replace(url, `\${file:${file('url')}}`))
    await using caravan = await openCaravan(options)

    const first = caravan.call('sms.send', message)
    await expect(first).rejects.toMatchObject({ code: 'placeholder_unset' })
    await writeFile(file('url'), url)
    const second = await caravan.call('sms.send', message)

    expect(second.outcome).toBe('done')
  })

  it('a call that failed is an IntegrationError with kind, outcome and call', async () => {
    const { options, fault } = await opened()
    await using caravan = await openCaravan(options)
    await fault('sms-main', 'act-then-reset')

    const error: unknown = await caravan
      .call('sms.send', message)
      .catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(IntegrationError)
    expect(error).toMatchObject({
      kind: 'unavailable',
      outcome: 'unknown',
      service: 'sms-main',
      operation: 'send',
      callId: expect.stringMatching(/^01/),
    })
    const { callId = '' } = error as IntegrationError
    expect(await caravan.result(callId)).toMatchObject({ status: 'unknown' })
  })

  it.each<[name: string, input: object, code: string, says: string]>([
    ['sms.send', { to: 5, txt: 'x' }, 'input_invalid', 'txt: unknown key; did you mean text?'],
    ['sms.snd', message, 'operation_unknown', 'sms.snd'],
    ['alert.notify', { title: 'x', text: 'y' }, 'no_service', 'no service of kind alert'],
  ])('%s of %j is %s', async (name, input, code, says) => {
    const { options } = await opened()
    await using caravan = await openCaravan(options)

    const refused = caravan.call(name as 'sms.send', input as typeof message)

    await expect(refused).rejects.toBeInstanceOf(CaravanError)
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
  })

  it('a project that cannot be used is refused when it is opened', async () => {
    const { folder, write } = emptyProject()

    await expect(openCaravan({ cwd: folder, env: {} })).rejects.toMatchObject({
      code: 'config_missing',
      hint: expect.stringMatching(/with openCaravan\(\{ config: '…' \}\)/),
    })
    write('integrations.yaml', 'version: 1\nservces: {}\n')
    await expect(openCaravan({ cwd: folder, env: {} })).rejects.toMatchObject({
      code: 'config_invalid',
    })
  })

  it('a result that nobody knows is call_unknown', async () => {
    const { options } = await opened()
    await using caravan = await openCaravan(options)

    await expect(caravan.result('01M7ZCS1RR1DZP3C8X5HS7H176')).rejects.toMatchObject({
      code: 'call_unknown',
    })
  })
})

describe('the end', () => {
  it('close waits for what is under way, and what comes later is refused', async () => {
    const { options } = await opened()
    const caravan = await openCaravan(options)

    const sending = caravan.call('sms.send', message)
    await caravan.close()
    await caravan.close()

    expect(await sending).toMatchObject({ outcome: 'done' })
    await expect(caravan.call('sms.send', message)).rejects.toMatchObject({
      message: 'this caravan is closed',
    })
  })

  it('a signal ends a call', async () => {
    const { options, fault } = await opened()
    const stop = new AbortController()
    await using caravan = await openCaravan({ ...options, signal: stop.signal })
    await fault('sms-main', 'timeout')

    const sending = caravan.call('sms.send', message)
    await systemClock.sleep(100)
    stop.abort()

    await expect(sending).rejects.toMatchObject({ kind: 'cancelled' })
  })
})
