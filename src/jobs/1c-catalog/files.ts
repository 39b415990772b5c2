import { CaravanError } from '../../core/errors.ts'
import type { CommerceFile } from '../../formats/commerceml/classify.ts'
import { gatherCommerceml } from '../../formats/commerceml/gather.ts'
import type { FindingBox } from '../../store/catalog/run-details.ts'

export type OpenExchange = { files: CommerceFile[]; close(): void }

/**
 * Opens everything the paths name, in the order in which it is to be read; close it when all has been read. Throws what
 * `gatherCommerceml` does, and `input_invalid` when nothing there is CommerceML.
 */
export async function openExchange(
  paths: readonly string[],
  findings: FindingBox,
  signal: AbortSignal,
): Promise<OpenExchange> {
  const { files, findings: told, close } = await gatherCommerceml(paths, { signal })
  for (const { code, message } of told) findings.add({ kind: code, text: message })
  if (files.length > 0) return { files, close }
  close()
  throw new CaravanError({
    code: 'input_invalid',
    message: `there is no CommerceML file in ${paths.join(', ')}`,
    hint: 'Name the folder that 1C writes into (webdata), or the files themselves.',
  })
}
