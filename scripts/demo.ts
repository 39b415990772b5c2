/**
 * The main job from nothing to 1C files, against a twin on this machine. Every step prints the command an operator would
 * have typed. Stops what it started; leaves the project for a look.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const program = resolve(import.meta.dirname, '../bin/caravan.js')
const example = resolve(import.meta.dirname, '../examples/1c-catalog')
const project = mkdtempSync(join(tmpdir(), 'caravan-demo-'))

/** How the price types of the example stand for our price fields; an operator writes this once. */
const priceTypes = `
  1c-catalog:
    with:
      price_types:
        2c3efe9e-b200-5e7a-aaf8-4b4713aff734: supply_price # Оптовая
        6f812848-c535-59c2-89b8-e1ea9e9b3b06: market_price # Розничная
`

let sandbox: ChildProcess | undefined
try {
  await step('init')
  sandbox = start('sandbox haier --products 500 --answers answers.json')
  await waitFor(join(project, 'answers.json'))
  await step('add haier --answers answers.json')
  await step('test haier')
  await step('sync haier-products --prices --stock')
  process.stdout.write('\n# integrations.yaml gets, under jobs:' + priceTypes)
  appendFileSync(join(project, 'integrations.yaml'), priceTypes.slice(1))
  await step(`import 1c ${example}`)
  await step('export 1c-catalog --to out')
  await step('status')
  await step('logs --limit 5')
  process.stdout.write(`\nEverything lies in ${project}: integrations.yaml, caravan.key, caravan.db,
caravan.calls.db, and out/ with the files for 1C.\n`)
} finally {
  if (sandbox) await stop(sandbox)
}

async function step(words: string): Promise<void> {
  process.stdout.write(`\n$ caravan ${words}\n`)
  const child = run(words, ['inherit', 'inherit', 'inherit'])
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`"caravan ${words}" ended with exit code ${code}`)
}

function start(words: string): ChildProcess {
  process.stdout.write(`\n$ caravan ${words} &\n`)
  return run(words, ['ignore', 'inherit', 'inherit'])
}

function run(words: string, stdio: ('inherit' | 'ignore')[]): ChildProcess {
  return spawn(process.execPath, [program, ...words.split(' ')], { cwd: project, stdio })
}

async function waitFor(file: string): Promise<void> {
  for (let tries = 0; !existsSync(file); tries++) {
    if (tries > 200) throw new Error(`${file} did not appear`)
    await pause(50)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
