import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { haierProject } from '../testing/program.ts'

/** As it is, and as it stands in addresses, headers and JSON. */
const formsOf = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
]

it('no secret stands in any output, log, config or state', async () => {
  const { twin, run, file, everything } = await haierProject()
  rmSync(file('answers.json'))
  const words = [
    'sync haier-products --prices --stock',
    'sync haier-products --prices --dry-run --json',
    'test haier',
    'show haier --json',
    'list --json',
    'logs --limit 1000 --json',
    'runs --json',
    'status --json',
    'config check --json',
    'secret list --json',
    'export products',
    'export 1c-catalog --to out',
  ]

  let printed = ''
  for (const each of words) {
    const { code, out, err } = await run(each)
    expect({ each, code }).toEqual({ each, code: 0 })
    printed += out + err
  }
  twin.faults.add({ fault: 'business-error' })
  const failed = await run('--debug test haier')
  printed += failed.out + failed.err

  const secrets = Object.entries(twin.config)
    .filter(([name]) => /secret|password/.test(name))
    .map(([, value]) => String(value))
  expect(secrets.length).toBeGreaterThan(5)
  const everywhere = printed + everything()
  for (const form of secrets.flatMap(formsOf)) expect(everywhere).not.toContain(form)
})
