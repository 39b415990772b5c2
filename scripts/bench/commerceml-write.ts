/** How fast the catalogue is written, against writing the same bytes without making them. */
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { writeFileAtomically } from '../../src/formats/atomic-file.ts'
import type {
  CatalogueOptions,
  ExportOffer,
  ExportProduct,
  ExportVersion,
} from '../../src/formats/commerceml/write-model.ts'
import { writeImport, writeOffers } from '../../src/formats/commerceml/write.ts'
import type { Measure } from './measure.ts'

export type BenchOptions = { quick: boolean }

/** Yields megabytes a second for import.xml and offers.xml of both versions, and the memory that writing adds. */
export async function* benchCommercemlWrite({ quick }: BenchOptions): AsyncGenerator<Measure> {
  const count = quick ? 5_000 : 100_000
  const rounds = quick ? 1 : 3
  const folder = await mkdtemp(join(tmpdir(), 'caravan-bench-'))
  try {
    for (const version of ['2.07', '3.1'] as const) {
      const options = optionsOf(version)
      const kinds = [
        ['import.xml', () => writeImport(options, many(count, product))],
        ['offers.xml', () => writeOffers(options, many(count, offer))],
      ] as const
      for (const [name, write] of kinds) {
        const file = join(folder, name)
        const ours: number[] = []
        const plain: number[] = []
        for (let round = 0; round < rounds; round += 1) {
          ours.push(await speedOf(file, () => writeFileAtomically(file, write())))
          plain.push(await speedOf(file, () => copyBytes(file, `${file}.copy`)))
        }
        const [figure, referenceFigure] = [median(ours), median(plain)]
        yield {
          name: `write ${name} ${version}, ${count} records`,
          figure,
          unit: 'MB/s',
          reference: 'the same bytes, copied with fsync',
          referenceFigure,
          ratio: figure / referenceFigure,
        }
      }
    }
    yield await memoryFigure(folder, quick)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Peak heap while ten times as many records are written, against the smaller number. */
async function memoryFigure(folder: string, quick: boolean): Promise<Measure> {
  const few = quick ? 2_000 : 20_000
  const peakOf = async (count: number): Promise<number> => {
    globalThis.gc?.()
    let peak = 0
    const file = join(folder, 'memory.xml')
    async function* watched() {
      for await (const piece of writeImport(optionsOf('2.07'), many(count, product))) {
        peak = Math.max(peak, process.memoryUsage().heapUsed)
        yield piece
      }
    }
    await writeFileAtomically(file, watched())
    return peak / 1e6
  }
  const referenceFigure = await peakOf(few)
  const figure = await peakOf(few * 10)
  return {
    name: `peak heap, ${few * 10} products`,
    figure,
    unit: 'MB',
    reference: `the same with ${few} products`,
    referenceFigure,
    ratio: figure / referenceFigure,
  }
}

async function speedOf(file: string, act: () => Promise<unknown>): Promise<number> {
  const start = systemClock.monotonicMs()
  await act()
  const seconds = (systemClock.monotonicMs() - start) / 1000
  return (await stat(file)).size / 1e6 / seconds
}

async function copyBytes(from: string, to: string): Promise<void> {
  const [source, target] = [await open(from), await open(to, 'w')]
  try {
    const buffer = Buffer.allocUnsafe(128 * 1024)
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) break
      await target.writeFile(buffer.subarray(0, bytesRead))
    }
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function* many<T>(count: number, make: (index: number) => T): Generator<T> {
  for (let index = 0; index < count; index += 1) yield make(index)
}

const product = (index: number): ExportProduct => ({
  id: `AA9GM${index}`,
  name: `Холодильник Haier C2F ${index} <серебро & сталь>`,
  fullName: `Холодильник двухкамерный Haier C2F ${index}`,
  article: `C2F-${index}`,
  barcode: String(4_600_000_000_000 + index),
  unit: { code: '796', shortName: 'шт' },
  groupIds: [`g${index % 50}`],
  description: 'Полный No Frost, инверторный двигатель, гарантия двенадцать лет. '.repeat(5),
  pictures: [`import_files/aa/${index}_1.jpg`, `import_files/aa/${index}_2.jpg`],
  manufacturer: { id: 'haier', name: 'Haier' },
  propertyValues: [{ id: 'colour', values: ['white'] }],
  taxes: [{ name: 'НДС', rate: '20' }],
  requisites: [{ name: 'ВидНоменклатуры', values: ['Товар'] }],
})

const offer = (index: number): ExportOffer => ({
  id: `AA9GM${index}`,
  name: `Холодильник Haier C2F ${index}`,
  unit: { code: '796', shortName: 'шт' },
  prices: ['supply', 'invoice', 'market'].map((priceTypeId, step) => ({
    priceTypeId,
    amount: `${40_000 + index + step * 1000}.5`,
    currencyRaw: 'CNY',
  })),
  stock: {
    quantity: String(index % 40),
    rows: [{ warehouseId: 'w1', quantity: String(index % 40) }],
  },
})

const optionsOf = (version: ExportVersion): CatalogueOptions => ({
  version,
  formedAt: '2026-01-31T10:15:00',
  changesOnly: false,
  classifier: { id: 'classifier', name: 'Классификатор' },
  catalogue: { id: 'catalogue', name: 'Каталог' },
  owner: { id: 'owner', name: 'ООО "Караван"' },
  groups: Array.from({ length: 50 }, (_, index) => ({ id: `g${index}`, name: `Группа ${index}` })),
  priceTypes: ['supply', 'invoice', 'market'].map((id) => ({ id, name: id, currency: 'CNY' })),
  warehouses: [{ id: 'w1', name: 'Основной' }],
})
