/** What only the service can answer that did something before. */
import { expect, it } from 'vitest'
import { openCaravan } from '../../lib.ts'
import { servedProject } from '../../testing/served-project.ts'

const ask = 'call sms.status messageId=1 to=+79991234567'

it('is asked of nobody while it is not said who, by the program and by the library alike', async () => {
  const made = await servedProject({ 'sms-main': 'sms-ru', 'sms-backup': 'smsc-ru' })
  const { run, file } = made

  const refused = await run(ask)
  const rehearsed = await run(`${ask} --dry-run`)
  await using caravan = await openCaravan({ config: file('integrations.yaml'), env: {} })
  const inCode = caravan
    .call('sms.status', { messageId: '1', to: '+79991234567' })
    .catch((error: unknown) => error)

  for (const { code, out, err } of [refused, rehearsed]) {
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/sms-main, sms-backup[^]*--service[^]*caravan call result <id>/)
  }
  expect(await inCode).toMatchObject({ code: 'usage' })
})

it('is asked of the one that is named, and of the only one there is', async () => {
  const { json } = await servedProject({ 'sms-main': 'sms-ru', 'sms-backup': 'smsc-ru' })
  const alone = await servedProject({ 'sms-main': 'sms-ru' })
  const sent = await json<{ service: string; output: { messageId: string } }>(
    'call sms.send to=+79991234567 --yes text=shipped',
  )

  const query = `call sms.status to=+79991234567 messageId=${sent.output.messageId}`
  const named = await json<{ outcome: string }>(`${query} --service ${sent.service}`)
  const only = await alone.run(query)

  expect(named).toMatchObject({ outcome: 'done', service: sent.service })
  expect(only.err).toContain('sms.status: done by sms-main')
})
