import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { hostileFiles } from '../../testing/commerceml-hostile.ts'
import type { HostileReport } from '../../testing/commerceml-hostile.ts'

const program = path.resolve(import.meta.dirname, '../../testing/commerceml-hostile.ts')
const run = promisify(execFile)

/** What a process of its own says about these files. */
async function reportOn(...names: string[]): Promise<HostileReport> {
  const { stdout } = await run(process.execPath, [program, ...names])
  return JSON.parse(stdout) as HostileReport
}

const large = Object.keys(hostileFiles).filter((name) =>
  /MB|\dM|\d+k|million|endless|without an end/.test(name),
)
const small = Object.keys(hostileFiles).filter((name) => !large.includes(name))

const allowedMb = 100

it.each(large)('%s is refused, and takes little memory', async (name) => {
  const { outcomes, grownMb } = await reportOn(name)

  expect(outcomes[name]?.code).toMatch(/^xml_(?:limit|malformed)$/)
  expect(outcomes[name]?.message).toMatch(/^a\.xml: byte \d+, in \S/)
  expect(grownMb).toBeLessThan(allowedMb)
})

it('all the others are refused as malformed, with the place', async () => {
  const { outcomes, grownMb } = await reportOn(...small)

  expect(Object.keys(outcomes)).toEqual(small)
  for (const { code, message } of Object.values(outcomes)) {
    expect(code).toBe('xml_malformed')
    expect(message).toMatch(/^a\.xml: byte \d+/)
  }
  expect(grownMb).toBeLessThan(allowedMb)
})
