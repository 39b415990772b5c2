/** Names whose servers never answer, on a machine whose resolver asks such a server. */
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import type { TestResult } from '../app/test/index.ts'
import { haierProject } from '../testing/program.ts'

/** Runs a program where `resolv.conf` is another file; only root may. */
const mounting = (file: string): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount --bind "$0" /etc/resolv.conf && exec "$@"',
  file,
]

/** False where it may not be made. */
async function startSilentResolver(address: string): Promise<boolean> {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false))
    socket.bind(53, address, () => resolve(true))
  })
}

it('does not let the others wait', async () => {
  const { file, read, write, run, twin } = await haierProject()
  const resolver = '127.0.0.153'
  writeFileSync(file('resolv.conf'), `nameserver ${resolver}\noptions timeout:1 attempts:1\n`)
  const through = mounting(file('resolv.conf'))
  const canMount = spawnSync(through[0]!, [...through.slice(1), 'true']).status === 0
  if (!canMount || !(await startSilentResolver(resolver))) {
    return void process.stderr.write('Skipped: the resolver of this machine cannot be replaced\n')
  }
  const named = read('integrations.yaml').replaceAll('127.0.0.1', 'localhost')
  const [, entry = ''] = /^ {2}haier:\n((?: {4}.*\n)+)/m.exec(named) ?? []
  // A second each, so two at a time they would take longer than all may take.
  const dead = Array.from({ length: 16 }, (_, n) => {
    const host = `https://silent-${n}.example.com`
    return `  silent-${n}:\n${entry.replaceAll(/http:\/\/localhost:\d+/g, host)}`
  })
  write('integrations.yaml', named.replace('services:\n', `services:\n${dead.join('')}`))

  const { out } = await run('test --all --deadline 6s --json', { through })

  const { results } = JSON.parse(out) as { results: TestResult[] }
  expect(twin.url).toContain('127.0.0.1')
  expect(results.map(({ service, cause }) => [service, cause])).toEqual([
    ...dead.map((_, n) => [`silent-${n}`, 'dns_failed']),
    ['haier', null],
  ])
})
