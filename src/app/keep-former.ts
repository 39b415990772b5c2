import { constants, copyFile } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'

/**
 * Keeps a copy beside a file that is about to be replaced, with its mode: `integrations.yaml.before-restore`, with a
 * number behind it when there is one already. Returns its path.
 */
export async function keepFormer(file: string, word: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = `${file}.${word}${number === 1 ? '' : `-${number}`}`
    try {
      await copyFile(file, path, constants.COPYFILE_EXCL)
      return path
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
}
