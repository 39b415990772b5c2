/** A whole import of a 1C catalogue, file to database, beside xmllint over the same file. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { writeCatalogue } from '../../src/testing/commerceml-catalogue.ts'
import type { Measure } from './measure.ts'

type Round = { xmllint: number; first: number; again: number; rssMb: number }

/**
 * Yields seconds of the import of 100 MB into an empty state and of the same file again, each round in a process of its
 * own and by turns with `xmllint --stream --noout`; then the peak memory at 1 GB beside that at 100 MB. Medians. Quick:
 * fewer rounds, and 300 MB in place of 1 GB.
 */
export async function* benchImport1c({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const folder = mkdtempSync(path.join(tmpdir(), 'caravan-bench-'))
  try {
    const file = path.join(folder, 'import.xml')
    const { products } = writeCatalogue(file, 100_000_000)
    const rounds = Array.from({ length: quick ? 3 : 7 }, () => measureRound(file, folder))
    const name = `import 100 MB of CommerceML, ${products} products`
    const xmllint = median(rounds.map((round) => round.xmllint))
    const beside = { unit: 's', reference: 'xmllint --stream --noout', referenceFigure: xmllint }
    const first = median(rounds.map((round) => round.first))
    const again = median(rounds.map((round) => round.again))
    yield { name: `${name}, first`, figure: first, ...beside, ratio: first / xmllint }
    yield { name: `${name}, unchanged`, figure: again, ...beside, ratio: again / xmllint }
    yield measureMemory(folder, median(rounds.map(({ rssMb }) => rssMb)), quick ? 300 : 1000)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function measureRound(file: string, folder: string): Round {
  const startMs = systemClock.monotonicMs()
  const { error } = spawnSync('xmllint', ['--stream', '--noout', file])
  const xmllint = error ? Number.NaN : (systemClock.monotonicMs() - startMs) / 1000
  if (error) console.error('xmllint is not installed (Debian: libxml2-utils): no ratios')
  return { xmllint, ...importTwice(file, folder) }
}

function importTwice(file: string, folder: string): Omit<Round, 'xmllint'> {
  const state = mkdtempSync(path.join(folder, 'state-'))
  const script = path.join(import.meta.dirname, 'import-1c-child.ts')
  const child = spawnSync(process.execPath, [script, file, state], { encoding: 'utf8' })
  rmSync(state, { recursive: true })
  if (child.status !== 0) throw new Error(`the import failed: ${child.stderr}`)
  return JSON.parse(child.stdout) as Omit<Round, 'xmllint'>
}

function measureMemory(folder: string, smallMb: number, megabytes: number): Measure {
  const file = path.join(folder, 'large.xml')
  writeCatalogue(file, megabytes * 1_000_000)
  const { rssMb } = importTwice(file, folder)
  return {
    name: `peak memory of an import of ${megabytes} MB`,
    figure: rssMb,
    unit: 'MB',
    reference: 'peak memory of an import of 100 MB',
    referenceFigure: smallMb,
    ratio: rssMb / smallMb,
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
