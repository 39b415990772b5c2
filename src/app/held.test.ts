import { expect, it } from 'vitest'
import { haierProject } from '../testing/program.ts'

it('a service held for refused credentials is free again as soon as the secret is corrected', async () => {
  const { run, twin } = await haierProject()
  const right = String(twin.config.client_secret)
  await run('secret set haier.client_secret', { stdin: 'wrong' })
  for (const _ of [1, 2, 3]) expect(await run('test haier')).toMatchObject({ code: 4 })
  const held = await run('test haier')
  expect(held.out).toContain('service_held')

  await run('secret set haier.client_secret', { stdin: right })

  expect(await run('test haier')).toMatchObject({ code: 0 })
})
