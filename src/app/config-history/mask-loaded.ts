import type { LoadedConfig } from '../../config/load.ts'
import { maskConfig, type Masked } from '../../config/mask.ts'
import { sha256Of } from '../../config/write.ts'
import { catalogue } from '../catalogue.ts'

/**
 * A loaded file as the history keeps it, and the hash it is known by: that of the file, but where something was masked
 * that of what is left. The hash of a file with a password in it would help to guess the password.
 */
export async function maskLoaded({
  text,
  file,
  sha256,
}: Pick<LoadedConfig, 'text' | 'file' | 'sha256'>): Promise<Masked & { hash: string }> {
  const masked = await maskConfig(text, file, catalogue)
  return { ...masked, hash: masked.isMasked ? sha256Of(masked.text) : sha256 }
}
