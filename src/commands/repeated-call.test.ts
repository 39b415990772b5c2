/** What `caravan call` says when it sends nothing: for a key that was used, and for a call that has to wait. */
import { expect, it } from 'vitest'
import { servedProject } from '../testing/served-project.ts'

const send = 'call sms.send to=+79991234567 text=shipped --yes'
type Answer = { id: string; service: string | null; repeated: object | null; error: object | null }

it('the same key: by whom it was done and when, and no row of its own in the log', async () => {
  const { json, run, twins } = await servedProject({ 'sms-main': 'sms-ru', spare: 'smsc-ru' })
  const key = '--idempotency-key order-7'
  const first = await json<Answer>(`${send} ${key} --service spare`)

  const again = await json<Answer>(`${send} ${key}`)
  const told = [await run(`${send} ${key}`), await run(`${send} ${key} --queue`)]

  expect(first.repeated).toBeNull()
  expect(again).toMatchObject({ ...first, repeated: { service: 'spare' } })
  for (const { code, err } of told) {
    expect(code).toBe(0)
    expect(err).toMatch(/^Not sent again: done by spare at \d{4}-.+\. Call 01\w+\n$/)
  }
  const { calls } = await json<{ calls: object[] }>('logs list')
  expect(calls).toMatchObject([{ id: first.id, service: 'spare', attempts: 1 }])
  expect(twins['sms-main']?.twin.stats().messages).toBe(0)
})

it('the same key while the first waits: since when', async () => {
  const { run } = await servedProject({ 'sms-main': 'sms-ru' })
  await run(`${send} --queue --idempotency-key order-7`)

  const { code, err } = await run(`${send} --queue --idempotency-key order-7`)

  expect(code).toBe(6)
  expect(err).toMatch(/^Not queued again: it waits since \d{4}-.+\. Call 01\w+\n$/)
})

it('what had to be queued says which service refused it, why and until when', async () => {
  const { json, run, file, write } = await servedProject({ 'sms-main': 'sms-ru', spare: 'smsc-ru' })
  const { readFileSync } = await import('node:fs')
  const config = readFileSync(file('integrations.yaml'), 'utf8')
  write('integrations.yaml', `${config}\nroutes:\n  sms: { when_unavailable: queue }\n`)
  await run('breaker trip spare --for 10m --reason repairs')

  const { code, out, err } = await run(`${send} --service spare`)
  const answer = await run(`${send} --service spare --json`)

  expect(code).toBe(6)
  expect(err).toMatch(/It could not be sent now[^]*spare: the breaker is open: [^]*repairs[^]*UTC/)
  const [id] = out.split('\n')
  expect((JSON.parse(answer.out) as Answer).error).toMatchObject({
    kind: 'unavailable',
    code: 'breaker_open',
    message: expect.stringMatching(/^spare: the breaker is open: .*repairs, until .* UTC$/),
  })
  const { calls } = await json<{ calls: { id: string; error: string }[] }>('queue list')
  expect(calls.find((call) => call.id === id)?.error).toContain('spare: the breaker is open')
})
