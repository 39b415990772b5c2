/** A project whose daemon begins at once with an import that takes a while, so that a fault can meet it. */
import { rmSync } from 'node:fs'
import { rowsIn, scheduleMissed } from './daemon.ts'
import { haierProject, type Project } from './program.ts'

export type ImportProject = Awaited<ReturnType<typeof haierProject>> & {
  /** What may stand in no file of it, and in nothing that is printed. */
  secrets: readonly string[]
  /** Products that are stored. */
  stored(): number
  /** What became of the one occurrence; undefined: nothing yet. */
  status(): string | undefined
}

/** `latencyMs`: how long the supplier takes for each answer, until its faults are cleared. */
export async function importProject({
  products,
  latencyMs = 0,
  prices = true,
  stock = true,
}: {
  products: number
  latencyMs?: number
  prices?: boolean
  stock?: boolean
}): Promise<ImportProject> {
  const home = await haierProject({ products })
  rmSync(home.file('answers.json')) // it holds what must stand nowhere
  scheduleMissed(home, 'haier-products', `{ prices: ${prices}, stock: ${stock} }`)
  home.write(
    'integrations.yaml',
    home
      .read('integrations.yaml')
      .replace(/^ {4}adapter: haier$/m, '    rate_limit: { per_second: none }\n$&'),
  )
  if (latencyMs > 0) home.twin.faults.add({ fault: 'latency', delay_ms: latencyMs })
  return {
    ...home,
    secrets: Object.entries(home.twin.config)
      .filter(([name]) => /secret|password/.test(name))
      .map(([, value]) => String(value)),
    stored: () => countIn(home),
    status: () => rowsIn<{ status: string }>(home, 'select status from occurrences')[0]?.status,
  }
}

const countIn = (home: Project): number =>
  rowsIn<{ count: number }>(home, 'select count(*) as count from products')[0]?.count ?? 0
