import { expect, it } from 'vitest'
import { receiveHook } from '../app/hooks/receive.ts'
import { systemClock } from '../core/clock.ts'
import { withAppIn } from '../testing/app.ts'
import { type Project, project } from '../testing/program.ts'
import { haierCallback, hookProject, receipts } from '../testing/webhooks.ts'
import { type ServedProject, servedProject } from '../testing/served-project.ts'

type Row = Record<string, unknown>

const tell = (made: Project, service: string, status: string, id: string) =>
  withAppIn(made.folder, (app) => receiveHook(app, service, receipts['sms-ru']!({ id, status })))

/** A message that was sent through a twin. */
async function sent(): Promise<ServedProject & { call: string; message: string }> {
  const made = await servedProject({ 'sms-ru': 'sms-ru' })
  const { id, output } = await made.json<{ id: string; output: { recipients: Row[] } }>(
    'call sms.send to=+79161234567 text=shipped --yes',
  )
  return { ...made, call: id, message: String(output.recipients[0]?.messageId) }
}

it('lists, shows and handles what came, and the call then tells of the delivery', async () => {
  const made = await sent()
  const { json, run, call, message } = made
  await tell(made, 'sms-ru', '103', message)
  await tell(made, 'sms-ru', '103', message)

  const { hooks } = await json<{ hooks: Row[] }>('hooks --status received')
  const [hook] = hooks
  const replayed = await run(`hooks replay ${String(hook?.id)}`)

  expect(hooks).toMatchObject([{ service: 'sms-ru', type: 'sms.status', repeats: 1, tries: 0 }])
  expect(replayed).toMatchObject({ code: 0, out: '' })
  expect(replayed.err).toContain(`message ${message} is delivered, of call ${call}`)
  expect(await json(`hooks show ${String(hook?.id)}`)).toMatchObject({
    status: 'handled',
    data: { messageId: message, status: 'delivered' },
  })
  for (const words of ['call result', 'queue show', 'logs show']) {
    expect(await json(`${words} ${call}`)).toMatchObject({
      deliveries: [{ message_id: message, to: '+79…67', status: 'delivered', code: '103' }],
    })
  }
  expect((await run(`call result ${call}`)).out).toContain(`+79…67, delivered`)
})

it('names the path of each service, and says which vendors sign nothing', async () => {
  const folder = await hookProject(['tencent-sms', 'haier', 'smtp'])
  const made = await project()

  const { out, err, code } = await made.run('hooks addresses', { cwd: folder })

  expect(code).toBe(0)
  expect(out).toMatch(/tencent-sms +tencent-sms +\/hooks\/tencent-sms +none +anywhere/)
  expect(out).toMatch(/haier +haier +\/hooks\/haier +signature/)
  expect(out).not.toContain('smtp')
  expect(err).toContain('hooks.allow_from')
})

it.each([
  ['hooks --service nothing', 10, 'nothing'],
  ['hooks --since yesterday', 2, '--since yesterday'],
  ['hooks show 01JHB2V7', 10, 'no webhook 01JHB2V7'],
  ['hooks replay 01JHB2V7', 10, 'no webhook 01JHB2V7'],
  ['hooks replay', 2, 'hook'],
])('%s ends with %i', async (words, exit, says) => {
  const made = await project()

  const { code, out, err } = await made.run(words)

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(says)
})

it('says what an order was told, and that handling it again changes nothing', async () => {
  const folder = await hookProject(['haier'])
  const data = { ExtOrderNo: 'SO.1', PlatformOrderNo: 'P-1', State: 1 }
  await withAppIn(folder, (app) =>
    receiveHook(app, 'haier', haierCallback('confirm', data, systemClock.now())),
  )
  const { run } = await project()
  const listed = await run('hooks --output jsonl', { cwd: folder })
  const { id } = JSON.parse(listed.out) as { id: string }

  const reports = [
    await run(`hooks replay ${id} --json`, { cwd: folder }),
    await run(`hooks replay ${id} --json`, { cwd: folder }),
  ]

  expect(reports.map(({ out }) => JSON.parse(out) as unknown)).toMatchObject([
    { hooks: [{ was: 'received', status: 'handled', outcome: 'order P-1: confirm succeeded' }] },
    { hooks: [{ was: 'handled', status: 'handled', outcome: 'order P-1: confirm succeeded' }] },
  ])
})
