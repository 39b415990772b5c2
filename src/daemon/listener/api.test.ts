import { expect, it } from 'vitest'
import { answers } from '../../app/answers/index.ts'
import { ApiError } from '../../app/answers/api.ts'
import type { CallAnswer } from '../../app/answers/call.ts'
import type { CallInfo } from '../../app/answers/calls.ts'
import type { CallState } from '../../app/answers/queue.ts'
import type { PausedJob } from '../../app/answers/jobs.ts'
import type { RunDetails } from '../../app/answers/runs.ts'
import type { SwitchResult } from '../../app/answers/services.ts'
import type { TestResult } from '../../app/answers/test.ts'
import { startListener, type StartOptions, type TestListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'
import { servedProject } from '../../testing/served-project.ts'

const message = { to: '+79161112233', text: 'Your code is 4711' }

async function served(
  options: StartOptions = {},
): Promise<TestListener & { any: string; twins: Awaited<ReturnType<typeof servedProject>> }> {
  const twins = await servedProject({ haier: 'haier', sms: 'sms-ru' })
  const listener = await startListener(twins, options)
  return { ...listener, twins, any: await listener.token('read,call,admin') }
}

/** Without services. */
async function bare(): Promise<TestListener & { any: string }> {
  const listener = await startListener(await project())
  return { ...listener, any: await listener.token('read,call,admin') }
}

const shapeOf = (words: string) => answers[words] ?? expect.fail(`no answer of ${words}`)

it('shows and switches services in the words of the commands', async () => {
  const { ask, any: token } = await served()
  const at = '/integrations/services'

  const list = await ask(at, { token })
  const one = await ask(`${at}/sms`, { token })
  const off = await ask<SwitchResult>(`${at}/sms/disable`, {
    token,
    json: { reason: 'rehearsal', for: '2h' },
  })
  const on = await ask<SwitchResult>(`${at}/sms/enable`, { token, method: 'POST' })
  const tested = await ask<{ results: TestResult[] }>(`${at}/sms/test-connection`, {
    token,
    method: 'POST',
  })

  shapeOf('list').parse(list.json)
  shapeOf('show').parse(one.json)
  shapeOf('disable').parse(off.json)
  shapeOf('enable').parse(on.json)
  shapeOf('test').parse(tested.json)
  expect(off.json).toMatchObject({
    state: 'disabled',
    switched_by: 'token read-call-admin-1',
    reason: 'rehearsal',
  })
  expect(on.json).toMatchObject({ state: 'enabled', changed: true })
  expect(tested.json.results).toMatchObject([{ service: 'sms', result: 'ok' }])
})

it('makes a call once, tells what became of it, and has it in the log', async () => {
  const { ask, any: token } = await served()
  const json = { operation: 'sms.send', input: message, idempotency_key: 'order-1' }
  const headers = { 'x-correlation-id': 'shop-17' }

  const made = await ask<CallAnswer>('/calls', { token, json, headers })
  const again = await ask<CallAnswer>('/calls', { token, json })
  const state = await ask<CallState>(made.headers.get('location') ?? '', { token })
  const logged = await ask<CallInfo>(`/integrations/logs/${made.json.id}`, { token })

  shapeOf('call').parse(made.json)
  shapeOf('call result').parse(state.json)
  shapeOf('logs show').parse(logged.json)
  expect(made).toMatchObject({ status: 200, json: { outcome: 'done', service: 'sms' } })
  expect(made.headers.get('x-correlation-id')).toBe('shop-17')
  expect(again).toMatchObject({
    status: 200,
    json: { id: made.json.id, repeated: { service: 'sms' } },
  })
  expect(state.json).toMatchObject({ id: made.json.id, status: 'done' })
  expect(logged.json).toMatchObject({ correlation_id: 'shop-17', outcome: 'done' })
})

it('answers a call that failed with its status and its id, and a queued one with 202', async () => {
  const { ask, any: token, twins } = await served()
  const json = { operation: 'sms.send', input: message }
  await twins.fault('sms', 'timeout', 1)
  const unknown = await ask<CallAnswer>('/calls', { token, json })
  await twins.fault('sms', 'business-error', 1)
  const failed = await ask<CallAnswer>('/calls', { token, json })
  const queued = await ask<CallAnswer>('/calls', { token, json: { ...json, queue: true } })
  const nobody = await ask<CallAnswer>('/calls', { token, json: { ...json, service: 'sms-9' } })
  const state = await ask<CallState>(`/calls/${queued.json.id}`, { token })

  shapeOf('call').parse(failed.json)
  shapeOf('call').parse(queued.json)
  ApiError.parse(nobody.json)
  expect(unknown).toMatchObject({
    status: 202,
    json: { id: expect.any(String), outcome: 'unknown' },
  })
  expect(failed).toMatchObject({
    status: 422,
    json: { id: expect.any(String), outcome: 'failed', error: { message: expect.any(String) } },
  })
  expect(queued).toMatchObject({ status: 202, json: { outcome: 'accepted' } })
  expect(state.json).toMatchObject({ status: 'pending' })
  expect(nobody).toMatchObject({ status: 404, json: { error: { code: 'service_unknown' } } })
})

it('lets nobody wait in vain whose answer takes longer than a connection may be still', async () => {
  const timeouts = { headersMs: 100, requestMs: 100, keepAliveMs: 100, checkMs: 50, stallMs: 100 }
  const { ask, any: token } = await served({ timeouts })
  const json = { operation: 'sms.send', input: message, queue: true }
  const queued = await ask<CallAnswer>('/calls', { token, json })

  const state = await ask<CallState>(`/calls/${queued.json.id}?wait=600ms`, { token })

  expect(state).toMatchObject({ status: 200, json: { status: 'pending' } })
})

it('turns the pages of the log without a gap or a double', async () => {
  const { ask, any: token } = await served()
  const json = { operation: 'supplier.getStock', input: { code: 'CEABL9000' } }
  const ids: (string | null)[] = []
  for (let made = 0; made < 5; made++)
    ids.push((await ask<CallAnswer>('/calls', { token, json })).json.id)

  const seen: string[] = []
  let next: string | undefined = '/integrations/logs?limit=2&operation=supplier.getStock'
  while (next !== undefined) {
    const page: Awaited<ReturnType<typeof ask<{ calls: CallInfo[] }>>> = await ask(next, { token })
    shapeOf('logs list').parse(page.json)
    seen.push(...page.json.calls.map(({ id }) => id))
    next = /^<(.*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
  }

  expect(seen).toEqual(ids.toReversed())
})

it('runs a job in the daemon, and answers before it is over', async () => {
  const { ask, any: token } = await served()

  const bad = await ask('/jobs/haier-products/run', { token, json: { options: { colour: 'red' } } })
  const started = await ask<RunDetails>('/jobs/haier-products/run', { token, method: 'POST' })
  const run = started.headers.get('location') ?? ''
  let { status } = started.json
  while (status === 'running') ({ status } = (await ask<RunDetails>(run, { token })).json)
  const late = await ask<ApiError>(`${run}/cancel`, { token, json: { reason: 'too late' } })
  const jobs = await ask('/jobs', { token })
  const runs = await ask<{ runs: RunDetails[] }>('/runs?job=haier-products&limit=1', { token })

  shapeOf('runs show').parse(started.json)
  shapeOf('jobs list').parse(jobs.json)
  shapeOf('runs list').parse(runs.json)
  expect(bad).toMatchObject({ status: 400, json: { error: { code: 'usage' } } })
  expect(late).toMatchObject({ status: 409, json: { error: { code: 'run_ended' } } })
  expect(started).toMatchObject({ status: 202, json: { job: 'haier-products', trigger: 'api' } })
  expect(started.json.started_by).toMatch(/^token /)
  expect(runs.json.runs).toMatchObject([{ id: started.json.id, status: 'success' }])
})

it.each([
  ['1c-catalog', { paths: ['/etc/hostname'] }, 'paths'],
  ['1c-catalog', {}, 'paths'], // nothing could be read
  ['haier-products', { accept_shrink: true }, 'accept_shrink'],
])(
  'leaves what only a person at the machine may say of %s to that person',
  async (job, options, name) => {
    const { ask, any: token } = await served()

    const refused = await ask<ApiError>(`/jobs/${job}/run`, { token, json: { options } })
    const runs = await ask<{ runs: RunDetails[] }>('/runs', { token })

    expect(refused).toMatchObject({ status: 400, json: { error: { code: 'usage' } } })
    expect(refused.json.error.message).toContain(name)
    expect(runs.json.runs).toEqual([])
  },
)

it('answers what is not there in one form, with the code of what was wrong', async () => {
  const { ask, any: token } = await bare()
  const wanted = [
    ['GET', '/integrations/services/hair', 404, 'service_unknown'],
    ['GET', '/integrations/logs/01JHB2V7', 404, 'call_unknown'],
    ['GET', '/integrations/logs?cursor=1%27or%271', 400, 'usage'],
    ['GET', '/integrations/logs?since=yesterday', 400, 'usage'],
    ['GET', '/runs/01JHB2V7', 404, 'run_unknown'],
    ['GET', '/calls/01JHB2V7', 404, 'call_unknown'],
    ['POST', '/jobs/haier-product/run', 404, 'job_unknown'],
    ['GET', '/integrations', 404, 'not_found'],
    ['PUT', '/jobs', 404, 'not_found'],
  ] as const

  for (const [method, path, status, code] of wanted) {
    const answer = await ask<ApiError>(path, { token, method })

    ApiError.parse(answer.json)
    expect([method, path, answer.status, answer.json.error.code]).toEqual([
      method,
      path,
      status,
      code,
    ])
  }
})

it('names parameters of its own, and no flags of the command line', async () => {
  const { ask, any: token } = await bare()
  const says = async (path: string, json?: object) =>
    (await ask<ApiError>(path, { token, json })).json.error.message

  expect(await says('/integrations/logs?since=banana')).toBe(
    'query since: banana is neither a time nor a duration',
  )
  expect(await says('/calls/01JHB2V7?wait=90s')).toContain('query wait: must be 60s at most')
  expect(await says('/jobs/haier-products/pause', { for: 'long' })).toContain('body for: ')
})

it('pauses and resumes a job in the name of the token', async () => {
  const { ask, any: token } = await bare()
  const at = '/jobs/haier-products'

  const paused = await ask<PausedJob>(`${at}/pause`, {
    token,
    json: { reason: 'stocktaking', for: '2h' },
  })
  const resumed = await ask<PausedJob>(`${at}/resume`, { token, method: 'POST' })

  shapeOf('jobs pause').parse(paused.json)
  shapeOf('jobs resume').parse(resumed.json)
  expect(paused.json.paused).toMatchObject({
    paused_by: 'token read-call-admin-1',
    reason: 'stocktaking',
  })
  expect(resumed.json).toMatchObject({ changed: true, paused: null })
})

it('names every fault of a query and a body at once', async () => {
  const { ask, any: token } = await bare()

  const call = await ask<ApiError>('/calls?queue=yes', {
    token,
    json: { opperation: 'sms.send', queue: 'yes', input: [] },
  })
  const logs = await ask<ApiError>('/integrations/logs?limit=0&outcome=fine&colour=red', { token })
  const input = await ask<ApiError>('/calls', {
    token,
    json: { operation: 'sms.send', input: { to: 'nobody', txt: 'x' } },
  })

  expect(call.json.error).toMatchObject({ code: 'usage' })
  for (const name of [
    'query queue',
    'body opperation',
    'body operation',
    'body queue',
    'body input',
  ])
    expect(call.json.error.message).toContain(name)
  for (const name of ['query limit', 'query outcome', 'query colour'])
    expect(logs.json.error.message).toContain(name)
  expect(input).toMatchObject({ status: 422, json: { error: { code: 'input_invalid' } } })
  for (const name of ['txt', 'to']) expect(input.json.error.message).toContain(name)
})
