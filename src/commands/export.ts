import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { formatCount, formatSize } from './output/numbers.ts'
import { printRecord, say } from './output/print.ts'

type CatalogFlags = {
  to: string
  schemaVersion: '2.07' | '3.1'
  source?: string
  full?: boolean
  owner: string
  json?: boolean
}
type ProductFlags = { format: 'csv' | 'json'; to?: string; source?: string }

export function registerExport(program: Command, cli: Cli): void {
  const parent = program.command('export').summary('Write what is in the state to files')

  const catalog = oneC(parent.command('1c-catalog'))
    .summary('Write import.xml and offers.xml for 1C')
    .action(async (flags: CatalogFlags) => {
      const result = await cli.withApp(async (app) => {
        const { exportCatalog, exportContext } = await import('../app/export-1c/index.ts')
        return exportCatalog(await exportContext(app), flags)
      })
      await printExport(cli, result, flags)
    })
  withExamples(
    withJson(catalog),
    'caravan export 1c-catalog --to out/',
    'caravan export 1c-catalog --source haier --schema-version 3.1 --to out/',
  )

  const customers = oneC(parent.command('1c-customers'))
    .summary('Write the customers for 1C')
    .action(async (flags: CatalogFlags) => {
      const result = await cli.withApp(async (app) => {
        const { exportContext, exportCustomers } = await import('../app/export-1c/index.ts')
        return exportCustomers(await exportContext(app), flags)
      })
      await printExport(cli, result, flags)
    })
  withExamples(withJson(customers), 'caravan export 1c-customers --to out/')

  const products = parent
    .command('products')
    .summary('Write the products as CSV or JSON lines of text')
    .addOption(
      new Option('--format <format>', 'file format').choices(['csv', 'json']).default('csv'),
    )
    .option('--to <file>', 'file to write (default: stdout)')
    .option('--source <name>', 'only products of this source, such as haier')
    .action(async (flags: ProductFlags) => {
      const io = cli.io()
      const { file, count } = await cli.withApp(async (app) => {
        const { exportProducts } = await import('../app/export-products.ts')
        return exportProducts(app, flags, io.out)
      })
      if (file) say(io, `${formatCount(count)} products in ${file}`)
    })
  withExamples(
    products,
    'caravan export products --format csv --to products.csv',
    'caravan export products --format json | jq .',
  )
}

const oneC = (command: Command): Command =>
  command
    .option('--to <folder>', 'folder to write into', '.')
    .option('--source <name>', 'only records of this source, such as haier or 1c')
    .option('--full', 'say that whatever is not in the files may be taken off')
    .option('--owner <name>', 'organisation that owns the catalogue', 'Caravan')
    .addOption(
      new Option('--schema-version <version>', 'version of CommerceML')
        .choices(['2.07', '3.1'])
        .default('2.07'),
    )

type Exported = {
  files: { file: string; records: number; bytes: number }[]
  findings: string[]
}

async function printExport(cli: Cli, result: Exported, flags: { json?: boolean }): Promise<void> {
  const io = cli.io()
  const lines = result.files.map(
    ({ file, records, bytes }) =>
      [file, `${formatCount(records)} records, ${formatSize(bytes)}`] as const,
  )
  await printRecord(io, { data: result, lines }, flags)
  for (const finding of result.findings) say(io, `! ${finding}`)
}
