/** Reading CommerceML: time beside xmllint and the two npm packages there are, and memory that must not grow. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { rolldown } from 'rolldown'
import { writeCatalogue } from '../../src/testing/commerceml-catalogue.ts'
import type { Measure } from './measure.ts'

const megabyte = 1_000_000

/**
 * Yields seconds for a catalogue of 100 MB read to records in a process of its own, start of Node included, beside
 * `xmllint --stream --noout`; the same for commerceml-parser and commerceml-js; and the peak memory at 100 MB and 1 GB.
 * Quick: fewer rounds, 300 MB in place of 1 GB, and no other readers, which take minutes.
 */
export async function* benchCommerceml({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const folder = await mkdtemp(path.join(tmpdir(), 'caravan-bench-'))
  try {
    const readers = await bundleReaders(folder)
    const size = 100
    const file = path.join(folder, 'import.xml')
    const { products } = writeCatalogue(file, size * megabyte)
    const ours = () => runReader(readers, 'caravan', file)
    const rounds = Array.from({ length: quick ? 3 : 7 }, () => ({
      xmllint: seconds(() => runXmllint(file)),
      caravan: seconds(ours),
    }))
    const xmllint = hasXmllint() ? median(rounds.map((round) => round.xmllint)) : Number.NaN
    if (!hasXmllint()) console.error('xmllint is not installed (Debian: libxml2-utils): no ratios')
    const beside = { reference: 'xmllint --stream --noout', referenceFigure: xmllint }
    const caravan = median(rounds.map((round) => round.caravan))
    const name = `read ${size} MB of CommerceML to records`
    yield { name, figure: caravan, unit: 's', ...beside, ratio: caravan / xmllint }
    for (const other of quick ? [] : (['commerceml-parser', 'commerceml-js'] as const)) {
      yield measureOther(`${name} with ${other}`, products, beside, () =>
        runReader(readers, other, file),
      )
    }
    yield measureMemory(folder, ours().rssMb, size, quick ? 300 : 1000, readers)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The reader as it ships: bundled, so that no time goes into taking types out of sources. */
async function bundleReaders(folder: string): Promise<string> {
  const input = path.join(import.meta.dirname, 'commerceml-readers.ts')
  const external = ['commerceml-parser', 'commerceml-js']
  const bundle = await rolldown({ input: { readers: input }, platform: 'node', external })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs' })
  await bundle.close()
  return path.join(folder, 'readers.mjs')
}

type Report = { products: number; rssMb: number; failure?: string }

/** Runs a reader as a process of its own; one that dies or takes ten minutes is reported as failed. */
function runReader(readers: string, which: string, file: string): Report {
  const from = path.resolve(import.meta.dirname, '../..')
  const args = [readers, which, file, from]
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 600_000,
  })
  const last = stdout.trim().split('\n').at(-1)
  if (status === 0 && last) return JSON.parse(last) as Report
  const said = stderr.split('\n').find((text) => text.includes('Error'))
  return { products: 0, rssMb: 0, failure: signal ?? said?.trim() ?? `exit code ${status}` }
}

const hasXmllint = (): boolean => spawnSync('xmllint', ['--version']).status === 0

const runXmllint = (file: string) => spawnSync('xmllint', ['--stream', '--noout', file])

function seconds(run: () => unknown): number {
  const start = performance.now()
  run()
  return (performance.now() - start) / 1000
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

type Beside = Pick<Measure, 'reference' | 'referenceFigure'>

/** Seconds of another reader; when it fails or loses products, how many it delivered and why. */
function measureOther(name: string, products: number, beside: Beside, run: () => Report): Measure {
  let report: Report = { products: 0, rssMb: 0 }
  const figure = seconds(() => (report = run()))
  if (report.products === products && report.failure === undefined) {
    return { name, figure, unit: 's', ...beside, ratio: figure / beside.referenceFigure }
  }
  return {
    name: `${name}, failed: ${report.failure ?? 'products are missing'}`,
    figure: report.products,
    unit: 'products',
    reference: 'products in the file',
    referenceFigure: products,
    ratio: report.products / products,
  }
}

function measureMemory(
  folder: string,
  smallMb: number,
  smallSize: number,
  size: number,
  readers: string,
): Measure {
  const file = path.join(folder, 'large.xml')
  writeCatalogue(file, size * megabyte)
  const { rssMb } = runReader(readers, 'caravan', file)
  return {
    name: `peak memory at ${size} MB`,
    figure: rssMb,
    unit: 'MB',
    reference: `peak memory at ${smallSize} MB`,
    referenceFigure: smallMb,
    ratio: rssMb / smallMb,
  }
}
