/** A call of which nobody knew whether it was done, from the send to the end of the doubt. */
import { expect, it } from 'vitest'
import { withAppIn } from '../testing/app.ts'
import { project } from '../testing/program.ts'
import { type ServedProject, servedProject } from '../testing/served-project.ts'

type Row = Record<string, unknown>

const message = 'to=+79991234567 text=shipped --yes'

/** A message of which nobody knows: the vendor took it, or did not, and the connection broke. */
async function inDoubt(fault = 'act-then-reset'): Promise<ServedProject & { id: string }> {
  const made = await servedProject({ 'sms-main': 'sms-ru' })
  await made.fault('sms-main', fault)
  const { out, code } = await made.run(`call sms.send ${message} --json`)
  expect(code).toBe(6)
  return { ...made, id: (JSON.parse(out) as { id: string }).id }
}

it('is listed and shown with whom it was for, masked, and cannot be dropped', async () => {
  const { json, run, id } = await inDoubt()

  const { calls } = await json<{ calls: Row[] }>('queue list')
  const shown = await json(`queue show ${id}`)
  const dropped = await run(`queue drop ${id} --reason unwanted --yes`)

  expect(calls).toMatchObject([
    { id, status: 'unknown', recipients: '+79…67', served_by: 'sms-main' },
  ])
  expect(shown.input).toContain('+79…67')
  expect(dropped).toMatchObject({ code: 1, err: expect.stringContaining('queue settle') })
  expect(await json(`queue show ${id}`)).toMatchObject({ status: 'unknown' })
})

it('is done when a person says so, and its input is kept no longer', async () => {
  const { json, run, id } = await inDoubt()

  const settled = await json(`queue settle ${id} --sent --reason seen-in-console`)
  const again = await run(`queue settle ${id} --not-sent`)

  expect(settled).toMatchObject({ id, was: 'unknown', status: 'done', by: 'operator' })
  expect(await json(`call result ${id}`)).toMatchObject({ status: 'done', error: null })
  const shown = await json(`queue show ${id}`)
  expect(shown).toMatchObject({ input: null, failure: null })
  expect(shown.settled).toMatch(/^sent, says .+: seen-in-console$/)
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is done') })
})

it('has failed when a person says that it was not sent, and can be sent after all', async () => {
  const { json, run, id, twins } = await inDoubt('error-500')
  const before = twins['sms-main']?.twin.stats().messages as number

  const settled = await run(`queue settle ${id} --not-sent`)
  const sent = [await run(`queue retry ${id}`), await run(`queue send ${id}`)]

  expect(settled).toMatchObject({ code: 0, err: expect.stringContaining(`queue retry ${id}`) })
  expect(sent).toMatchObject([{ code: 0 }, { code: 0 }])
  expect(await json(`call result ${id}`)).toMatchObject({ status: 'done', error: null })
  expect(twins['sms-main']?.twin.stats().messages).toBe(before + 1)
})

it('can be sent again as it is, with consent', async () => {
  const { run, id } = await inDoubt()

  const refused = await run(`queue retry ${id}`)
  const put = await run(`queue retry ${id} --yes`)
  const sent = await run(`queue send ${id}`)

  expect(refused).toMatchObject({ code: 7, err: expect.stringContaining('may have been done') })
  expect([put.code, sent.code]).toEqual([0, 0])
})

it('is done, with its answer, when its vendor says so', async () => {
  const { json, folder } = await servedProject({ 'sms-main': 'smsc-ru' })
  const { id, output } = await json<{ id: string; output: { messageId: string } }>(
    `call sms.send ${message}`,
  )
  const input = JSON.stringify({ to: ['+79991234567'], text: 'shipped' })
  const doubt = { status: 'unknown' as const, input, output: null }
  await withAppIn(folder, async (app) => {
    await (await app.state()).db.updateTable('outbox').set(doubt).execute()
  })

  const settled = await json(`queue settle ${id}`)

  expect(settled).toMatchObject({ id, status: 'done', by: 'vendor', service: 'sms-main' })
  const state = await json(`call result ${id}`)
  expect(state).toMatchObject({ status: 'done', output: { messageId: output.messageId } })
  expect(await json(`queue show ${id}`)).toMatchObject({ settled: 'sent, says sms-main' })
})

it('that its vendor cannot be asked about is for a person', async () => {
  const haier = await servedProject({ haier: 'haier' })
  const { run, id } = await inDoubt()

  const { code, err } = await run(`queue settle ${id}`)
  const none = await haier.run('queue settle 01JHB2V7')

  expect(code).toBe(2)
  expect(err).toMatch(/has no query for that[^]*--sent, or --not-sent/)
  expect(none.code).toBe(10)
})

it('a reason without a decision is a slip', async () => {
  const { run } = await project()

  expect(await run('queue settle 01JHB2V7 --reason x')).toMatchObject({ code: 2 })
  expect(await run('queue settle 01JHB2V7 --sent --not-sent')).toMatchObject({ code: 2 })
})
