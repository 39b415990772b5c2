import { expect, it } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { startTwin } from '../http/twin-server.ts'
import { haierProject, project } from '../testing/program.ts'

it('says that a service answers', async () => {
  const { run, json } = await haierProject()

  const { code, out, err } = await run('test haier')

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/haier +ok +.*2 paying accounts/)
  expect(await json('test --all')).toMatchObject({ results: [{ service: 'haier', ok: true }] })
})

it.each([
  ['credentials are refused', 4, () => ({ client_secret: 'wrong' })],
  ['nobody is there', 5, async () => nobodyAt()],
])('when %s it ends with exit %i', async (_, exit, wrong) => {
  const { run, write, twin } = await haierProject()
  write('wrong.json', JSON.stringify({ ...twin.config, ...(await wrong()) }))
  await run('add haier bad --no-test --answers wrong.json')

  const { code, out, err } = await run('test bad')

  expect(code).toBe(exit)
  expect(out).toMatch(/bad +failed/)
  expect(err).toMatch(/^✗ bad: /)
  expect(err).toMatch(/More: caravan logs show \w{26}\n$/)
})

/** Addresses where somebody was a moment ago. */
async function nobodyAt(): Promise<Record<string, unknown>> {
  const gone = await startTwin(haier.twin, { products: 1 })
  await gone.close()
  return { base_url: gone.url, token_url: `${gone.url}/oauth2/auth` }
}

it('an unset placeholder is exit 4, with the line of each', async () => {
  const { run } = await project()
  await run(
    'add haier --no-test --client-id ${NO_ID} --client-secret ${NO_SECRET} --password ${NO_PW} ' +
      '--seller-password ${NO_SP} --customer-code 8800633175',
  )

  const { code, err } = await run('test haier')

  expect(code).toBe(4)
  expect(err).toMatch(
    /integrations\.yaml:\d+:\d+ {2}services\.haier\.config\.client_id: the environment variable NO_ID is not set/,
  )
  expect(err).toContain('NO_SP is not set')
})

it('asks which service is meant', async () => {
  const { run } = await project()

  expect(await run('test')).toEqual({
    code: 2,
    out: '',
    err: '✗ which service is to be tested? (usage)\n  Name one or more, or say --all.\n',
  })
})
