import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { byHand, daysAgo, doAsTold, foundBy, rewrite } from '../../testing/doctor.ts'
import { haierProject } from '../../testing/program.ts'

it('finds a service without a recent success; a test mends it', async () => {
  const home = await haierProject()
  const fresh = await foundBy('services', home)
  byHand(home, `update last_calls set at = '${daysAgo(9)}'`, 'caravan.calls.db')

  const [quiet] = await foundBy('services', home)
  await doAsTold(home, quiet!)
  const after = await foundBy('services', home)
  byHand(home, 'delete from last_calls', 'caravan.calls.db')
  const [never] = await foundBy('services', home)

  expect(fresh).toEqual([])
  expect(quiet).toMatchObject({ severity: 'warning', mend: 'caravan test haier' })
  expect(quiet?.what).toContain('that succeeded was 9 days ago')
  expect(after).toEqual([])
  expect(never?.what).toBe('no call to haier has ever succeeded')
})

it('finds an open breaker, since when, and a held service', async () => {
  const home = await haierProject()
  const state = {
    status: 'open',
    failures: 5,
    authFailures: 0,
    recent: [],
    openUntilMs: Date.now() - 1000,
    openForMs: 60_000,
    probe: null,
    heldConfig: null,
    reason: '5 failures in a row, the last: no answer',
  }
  const store = (changed: object) =>
    byHand(
      home,
      `insert or replace into breakers values ('haier', 'open', '${JSON.stringify({ ...state, ...changed })}')`,
    )
  store({})

  const [opened] = await foundBy('services', home)
  await doAsTold(home, opened!)
  const after = await foundBy('services', home)
  store({ heldConfig: 'abc', reason: 'the credentials were refused 3 times in a row' })
  const [held] = await foundBy('services', home)

  expect(opened).toMatchObject({ severity: 'warning', mend: 'caravan test haier' })
  expect(opened?.what).toMatch(
    /^the breaker of haier has been open since \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
  )
  expect(opened?.why).toContain('5 failures in a row')
  expect(after).toEqual([])
  expect(held).toMatchObject({ severity: 'problem', mend: 'caravan edit haier' })
  expect(held?.what).toContain('refused 3 times in a row')
})

it('finds a switch that was forgotten', async () => {
  const home = await haierProject()
  await home.run(['disable', 'haier', '--reason', 'stocktaking'])
  const young = await foundBy('services', home)
  byHand(home, `update switches set set_at = '${daysAgo(40)}'`)

  const [finding] = await foundBy('services', home)
  await doAsTold(home, finding!)

  expect(young).toEqual([])
  expect(finding).toMatchObject({ severity: 'warning', mend: 'caravan enable haier' })
  expect(finding?.why).toContain('stocktaking')
  expect(await foundBy('services', home)).toEqual([])
})

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

it('finds a proxy that nobody listens at; the password in it is not shown', async () => {
  const home = await haierProject()
  const port = await closedPort()
  rewrite(
    home,
    'adapter: haier',
    `adapter: haier\n    proxy: http://me:canary-12ab@127.0.0.1:${port}`,
  )
  const env = { HTTPS_PROXY: `http://me:canary-12ab@127.0.0.1:${port}`, http_proxy: 'canary-12ab' }

  const found = await foundBy('proxies', home, { env })
  const server = createServer((socket) => socket.end()).listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const after = await foundBy('proxies', home, { env })

  expect(found.map(({ severity, what }) => `${severity}: ${what}`)).toEqual([
    `problem: the proxy of HTTPS_PROXY, 127.0.0.1:${port}, cannot be used: 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
    'problem: http_proxy is no address of a proxy, such as http://proxy.example.com:3128',
    `problem: the proxy of services.haier.proxy, 127.0.0.1:${port}, cannot be used: 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
  ])
  expect(JSON.stringify(found)).not.toContain('canary')
  expect(after).toHaveLength(1)
})

it('reads the address of a proxy out of the store, and finds no fault in one that answers', async () => {
  const home = await haierProject()
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await home.run('secret set proxy', { stdin: `http://me:pw@127.0.0.1:${port}` })
  rewrite(home, 'adapter: haier', 'adapter: haier\n    proxy: ${secret:proxy}')

  expect(await foundBy('proxies', home)).toEqual([])
})
