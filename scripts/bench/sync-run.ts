/**
 * Run as a process of its own, in the folder of a project: one sync by the program as it is shipped. Leaves its
 * milliseconds and its peak memory in bytes in result.json there.
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

type Program = { main(words: string[]): Promise<void> }

const program = createRequire(import.meta.url)('../../dist/main.cjs') as Program
const start = performance.now()
await program.main(['sync', 'haier-products', '--prices', '--stock', '--quiet'])
const durationMs = performance.now() - start
const peakBytes = process.resourceUsage().maxRSS * 1024
writeFileSync('result.json', JSON.stringify({ durationMs, peakBytes }))
