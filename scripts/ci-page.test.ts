import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { cleanEnv, definedOnly, haierTwin, programPath } from '../src/testing/program.ts'
import { temporaryFolder } from '../src/testing/state.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/ci.md'), 'utf8')

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  )

type Step = { run?: string; env?: Record<string, string> }
type Workflow = { jobs: Record<string, { env: Record<string, string>; steps: Step[] }> }

const [configText = '', workflowText = ''] = blocks('yaml')
const workflow = parse(workflowText) as Workflow

/** A checkout with the config of the page, whose vendor is a twin, and `caravan` on the PATH. */
async function checkout() {
  const twin = await haierTwin()
  const folder = join(temporaryFolder(), 'checkout')
  const bin = join(folder, '../bin')
  for (const each of [folder, bin, join(folder, '.secrets')]) mkdirSync(each, { recursive: true })
  const caravan = join(bin, 'caravan')
  writeFileSync(caravan, `#!/bin/sh\nexec "${process.execPath}" "${programPath()}" "$@"\n`)
  chmodSync(caravan, 0o755)
  const config = parse(configText) as { services: { haier: { config: object } } }
  const { base_url, token_url, environment } = twin.config
  Object.assign(config.services.haier.config, { base_url, token_url, environment })
  writeFileSync(join(folder, 'integrations.yaml'), JSON.stringify(config))
  const secrets: Record<string, string> = {
    HAIER_CLIENT_ID: String(twin.config.client_id),
    HAIER_CLIENT_SECRET: String(twin.config.client_secret),
    HAIER_PASSWORD: String(twin.config.customer_password),
    HAIER_SELLER: String(twin.config.seller_password),
  }
  const expand = (text: string) =>
    text.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) =>
      name === 'runner.temp' ? join(folder, '../temp') : (secrets[name.split('.')[1] ?? ''] ?? ''),
    )
  return {
    folder,
    secrets,
    async shell(script: string, env: Record<string, string> = {}) {
      const expanded = Object.entries(env).map(([name, value]) => [name, expand(value)])
      const child = spawn('/bin/sh', ['-e', '-c', script], {
        cwd: folder,
        env: definedOnly({
          ...cleanEnv(folder),
          PATH: `${bin}:${process.env.PATH}`,
          ...Object.fromEntries(expanded),
        }),
      })
      let out = ''
      child.stdout.on('data', (text: Buffer) => (out += text))
      child.stderr.on('data', (text: Buffer) => (out += text))
      const [code] = (await once(child, 'close')) as [number]
      return { code, out }
    },
  }
}

it.each(Object.entries(workflow.jobs))('the job "%s" runs', async (_, { env, steps }) => {
  const { shell, secrets } = await checkout()

  const scripts = steps.filter(({ run }) => run !== undefined)
  let printed = ''
  for (const { run = '', env: own = {} } of scripts) {
    const { code, out } = await shell(run, { ...env, ...own })
    expect({ run, code, out }).toMatchObject({ code: 0 })
    printed += out
  }

  expect(scripts.some(({ run }) => run?.startsWith('caravan test'))).toBe(true)
  for (const secret of Object.values(secrets)) expect(printed).not.toContain(secret)
})

it('the shell blocks run', async () => {
  const { shell, secrets, folder } = await checkout()
  const { HAIER_SELLER = '', ...env } = secrets
  writeFileSync(join(folder, '.secrets/haier_seller'), HAIER_SELLER)
  const state = { ...env, CARAVAN_STATE: join(folder, '.caravan/caravan.db') }

  const scripts = blocks('sh')
  for (const script of scripts) {
    const { code, out } = await shell(script, state)
    expect({ script, code, out }).toMatchObject({ code: 0 })
  }

  expect(scripts.length).toBeGreaterThan(2)
  expect(readFileSync(join(folder, 'connections.xml'), 'utf8')).toContain('failures="0"')
})
