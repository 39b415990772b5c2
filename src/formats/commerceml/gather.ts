import { CaravanError } from '../../core/errors.ts'
import type { ZipLimits } from '../zip.ts'
import { classify } from './classify.ts'
import type { CommerceFile } from './classify.ts'
import { inReadingOrder, withoutLeftovers } from './order.ts'
import type { ReadOptions } from './read.ts'
import type { CommerceFinding } from './records.ts'
import { openSources } from './sources.ts'
import type { CommerceSource } from './sources.ts'

export type CommerceSet = {
  /** In the order in which they are to be read, whatever their names. Read one by `readCommerceml(file.read(), { file: file.file })`. */
  files: CommerceFile[]
  /** Files that were left out, and why. */
  findings: CommerceFinding[]
  /** To be called when all has been read. */
  close(): void
}

export type GatherOptions = Omit<ReadOptions, 'file' | 'onProgress'> & { zipLimits?: ZipLimits }

/**
 * Finds, looks into and sorts the CommerceML files behind paths of files, folders and archives. XML of other kinds is
 * left out with a finding when it was found in a folder or an archive, and refused (`input_invalid`) when it was named.
 * Throws `file_unreadable`, `xml_malformed` and `xml_limit` too; nothing has been handed out by then.
 */
export async function gatherCommerceml(
  paths: readonly string[],
  { zipLimits, ...options }: GatherOptions = {},
): Promise<CommerceSet> {
  const { sources, close } = await openSources(paths, zipLimits)
  try {
    const files: CommerceFile[] = []
    const findings: CommerceFinding[] = []
    for (const source of sources) {
      const file = await classify(source, options)
      if (file) files.push(file)
      else findings.push(foreign(source))
    }
    const present = withoutLeftovers(files)
    findings.push(...present.findings)
    return { files: inReadingOrder(present.files), findings, close }
  } catch (error) {
    close()
    throw error
  }
}

function foreign({ file, isFound }: CommerceSource): CommerceFinding {
  const message = `${file} is not CommerceML; it is left out.`
  if (isFound) return { type: 'finding', code: 'file_skipped', message }
  throw new CaravanError({
    code: 'input_invalid',
    message: `${file} is not CommerceML: its root element is not <КоммерческаяИнформация>`,
    hint: 'Name an exchange file of 1C, a folder or an archive with such files.',
  })
}
