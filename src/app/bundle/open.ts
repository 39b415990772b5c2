/** Opens what is sealed in a bundle, with the key in use here or with a passphrase. */
import { deriveKey } from '../../config/secrets/passphrase.ts'
import { openSealed, pairOf } from '../../config/secrets/recipient.ts'
import { CaravanError } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { openForKeyInUse, recipientsOf } from '../keys/index.ts'
import {
  type Bundle,
  type Carried,
  damaged,
  isCanonical,
  readSealed,
  sealContext,
} from './format.ts'

/** Throws `key_wrong` when it was sealed for another key or passphrase, `bundle_damaged` when it was altered. */
export async function openBundle(
  app: App,
  bundle: Bundle,
  file: string,
  askPassphrase: () => Promise<string>,
): Promise<Carried> {
  const plain = bundle.passphrase
    ? await openByPassphrase(bundle, file, askPassphrase)
    : await openByKey(app, bundle, file)
  return readSealed(plain, bundle, file)
}

async function openByKey(app: App, bundle: Bundle, file: string): Promise<Buffer> {
  const plain = isCanonical(bundle.sealed)
    ? await openForKeyInUse(app, sealContext(), bundle.sealed)
    : undefined
  if (plain) return plain
  const { pair } = await (await app.secrets()).unlocked()
  if (pair.recipient === bundle.recipient) throw damaged(file, 'it was altered')
  const slots = await recipientsOf((await app.state()).db)
  const slot = slots.find(({ recipient }) => recipient === bundle.recipient)
  throw new CaravanError({
    code: 'key_wrong',
    message: slot
      ? `${file} was sealed for the key slot ${slot.label}, which is not the one in use here`
      : `${file} was sealed for another key: ${bundle.recipient}`,
    hint: slot
      ? 'Give caravan the key of that slot, with CARAVAN_KEY_FILE for example.'
      : `The one in use here is ${pair.recipient}: make the bundle again with "caravan config bundle <file> --for" that.`,
    see: 'caravan key list',
  })
}

async function openByPassphrase(
  bundle: Bundle,
  file: string,
  askPassphrase: () => Promise<string>,
): Promise<Buffer> {
  const { passphrase, recipient, sealed } = bundle
  const kdf = { name: 'scrypt', ...passphrase }
  // Ours alone: with others a bundle could keep a machine busy for hours.
  if (kdf.n !== 2 ** 17 || kdf.r !== 8 || kdf.p !== 1) {
    throw damaged(file, 'its line "passphrase" was altered')
  }
  const key = await deriveKey(await askPassphrase(), kdf)
  const pair = pairOf(key)
  if (pair.recipient !== recipient) {
    throw new CaravanError({
      code: 'key_wrong',
      message: `this is not the passphrase of ${file}`,
      hint: 'Check it for another keyboard layout or a stray blank. Nothing was changed.',
    })
  }
  const plain = isCanonical(sealed) ? openSealed(pair, sealContext(key), sealed) : undefined
  if (plain) return plain
  throw damaged(file, 'it was altered')
}
