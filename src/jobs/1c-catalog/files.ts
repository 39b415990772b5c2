/** The files of an exchange: found, recognised by their content, and put into the order in which they are to be read. */
import { CaravanError } from '../../core/errors.ts'
import { classify, type CommerceFile } from '../../formats/commerceml/classify.ts'
import { inReadingOrder, withoutLeftovers } from '../../formats/commerceml/order.ts'
import { openSources } from '../../formats/commerceml/sources.ts'
import type { FindingBox } from '../../store/catalog/run-details.ts'

export type OpenExchange = { files: CommerceFile[]; close(): void }

/**
 * Opens everything the paths name. Close it when all has been read. Throws `file_unreadable`, `input_invalid` when
 * nothing there is CommerceML, and what the reader throws for a file that is broken at its beginning.
 */
export async function openExchange(
  paths: readonly string[],
  findings: FindingBox,
  signal: AbortSignal,
): Promise<OpenExchange> {
  const { sources, close } = await openSources(paths)
  try {
    const known: CommerceFile[] = []
    for (const source of sources) {
      const file = await classify(source, { signal })
      if (file) known.push(file)
      else if (source.isFound) findings.add(foreign(source.file))
      else throw notCommerceml(source.file)
    }
    if (known.length === 0) throw nothingThere(paths)
    const { files, findings: leftovers } = withoutLeftovers(known)
    for (const { code, message } of leftovers) findings.add({ kind: code, text: message })
    return { files: inReadingOrder(files), close }
  } catch (error) {
    close()
    throw error
  }
}

const foreign = (file: string) => ({
  kind: 'file_foreign',
  file,
  text: `${file} is XML, but not CommerceML, and was left out`,
})

const notCommerceml = (file: string): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `${file} is not a CommerceML file`,
    hint: 'Its root element must be КоммерческаяИнформация. Nothing was imported.',
  })

const nothingThere = (paths: readonly string[]): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `There is no CommerceML file in ${paths.join(', ')}`,
    hint: 'Name the folder that 1C writes into (webdata), or the files themselves.',
  })
