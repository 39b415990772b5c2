/** How long commands take to start, beside an empty Node process and npm, run in turns so that drift hits all alike. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Measure } from './measure.ts'

const program = resolve(import.meta.dirname, '../../bin/caravan.js')
const example = resolve(import.meta.dirname, '../../examples/1c-catalog')

export async function* benchStartup({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const project = makeProject(20)
  try {
    const commands = {
      'node -e 0': ['-e', '0'],
      'npm --version': [npmPath(), '--version'],
      'caravan --version': [program, '--version'],
      'caravan list, 20 services': [program, 'list'],
      'caravan status, 20 services': [program, 'status'],
      'completion of a service': [program, '__complete', 'show', 'haier-1'],
      'completion of a run': [program, '__complete', 'runs', 'show', ''],
    }
    const medians = timeInTurns(Object.values(commands), project, quick ? 7 : 25)
    const names = Object.keys(commands)
    const [empty = 1, npm = 1, ...own] = medians
    for (const [index, ms] of own.entries()) {
      const name = names[index + 2] ?? ''
      yield measureOf(name, ms, 'node -e 0', empty)
      yield measureOf(name, ms, 'npm --version', npm)
    }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

const measureOf = (name: string, ms: number, reference: string, referenceMs: number): Measure => ({
  name,
  figure: ms,
  unit: 'ms',
  reference,
  referenceFigure: referenceMs,
  ratio: ms / referenceMs,
})

/** A project with many services, opened once so that caches are as an operator has them. */
function makeProject(services: number): string {
  const project = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  const run = (...words: string[]) =>
    execFileSync(process.execPath, [program, ...words], { cwd: project })
  run('init')
  const file = join(project, 'integrations.yaml')
  const entries = Array.from({ length: services }, (_, index) => entry(`haier-${index + 1}`))
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('services:\n', `services:\n${entries.join('')}`),
  )
  run('import', '1c', example)
  run('list')
  run('status')
  run('__complete', 'show', '')
  run('__complete', 'runs', 'show', '')
  return project
}

const entry = (name: string): string => `  ${name}:
    adapter: haier
    config:
      client_id: \${HAIER_ID}
      client_secret: \${HAIER_SECRET}
      customer_code: "8800633175"
      password: \${HAIER_PASSWORD}
      seller_password: \${HAIER_SELLER_PASSWORD}
`

function timeInTurns(commands: string[][], cwd: string, rounds: number): number[] {
  const times: number[][] = commands.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, words] of commands.entries()) {
      const start = performance.now()
      const { status, stderr } = spawnSync(process.execPath, words, { cwd })
      if (status !== 0) throw new Error(`${words.join(' ')}: ${String(stderr)}`)
      times[index]?.push(performance.now() - start)
    }
  }
  return times.map((each) => each.toSorted((a, b) => a - b)[each.length >> 1] ?? 0)
}

/** npm of this machine, started without its shell wrapper. */
function npmPath(): string {
  const found = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], {
    encoding: 'utf8',
  }).trim()
  return createRequire(join(dirname(found), 'x.js')).resolve(found)
}
