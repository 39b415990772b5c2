/** What waits behind another call to the same recipient, and what is sent before its time. */
import { expect, it } from 'vitest'
import { withAppIn } from '../testing/app.ts'
import { servedProject } from '../testing/served-project.ts'

type Row = { id: string; status: string; behind: string | null; error: string | null }

const send = 'call sms.send to=+79991234567 --yes --queue'

async function twoWaiting() {
  const made = await servedProject({ 'sms-main': 'sms-ru' })
  const [one, two] = [await made.run(`${send} text=one`), await made.run(`${send} text=two`)]
  const later = { next_at: new Date(Date.now() + 3_600_000).toISOString() }
  await withAppIn(made.folder, async (app) => {
    await (await app.state()).db.updateTable('outbox').set(later).execute()
  })
  return { ...made, ids: [one.out.trim(), two.out.trim()] as const }
}

it('says which call has to end first: in the list, of one, and when it is to be sent', async () => {
  const { ids, json, run } = await twoWaiting()
  const [one, two] = ids

  const { calls } = await json<{ calls: Row[] }>('queue list')
  const shown = await run(`queue show ${two}`)
  const sent = await run(`queue send ${two} --json`)

  expect(calls.map(({ behind }) => behind)).toEqual([null, one])
  expect(shown.out).toContain(`${one}, to the same recipient`)
  expect(sent.code).toBe(5)
  expect(JSON.parse(sent.out)).toMatchObject({
    calls: [{ id: two, status: 'waiting', error: `waits behind ${one}, to the same recipient` }],
  })
})

it('sends a call that waits until later, and no other one', async () => {
  const { ids, json, run, twins } = await twoWaiting()
  const [one, two] = ids

  const none = await run('queue send')
  const sent = await run(`queue send ${one}`)
  const { calls } = await json<{ calls: Row[] }>('queue list --all')
  const again = await run(`queue send ${one}`)

  expect(none.err).toContain('Nothing is due.')
  expect(sent.code).toBe(0)
  expect(calls).toMatchObject([
    { id: one, status: 'done' },
    { id: two, status: 'waiting', behind: null },
  ])
  expect(twins['sms-main']?.twin.stats().messages).toBe(1)
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is done') })
})
