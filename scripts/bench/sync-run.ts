/**
 * Run as a process of its own, in the folder of a project: one sync by the program as it is shipped. Leaves in
 * result.json there what it took in milliseconds, as a whole and from the start of the run, and its peak memory in bytes.
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

type Program = { main(words: string[]): Promise<void> }

let printed = ''
process.stdout.write = (text: string | Uint8Array) => Boolean((printed += String(text)))

const program = createRequire(import.meta.url)('../../dist/main.cjs') as Program
const start = performance.now()
await program.main(['--quiet', 'sync', 'haier-products', '--prices', '--stock', '--json'])
const durationMs = performance.now() - start
const { duration_ms: runMs } = JSON.parse(printed) as { duration_ms: number }
const peakBytes = process.resourceUsage().maxRSS * 1024
writeFileSync('result.json', JSON.stringify({ durationMs, runMs, peakBytes }))
