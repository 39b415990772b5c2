/** A secret in every form it may take on the wire: in a URL, a form, JSON, XML, a Basic header, as hex. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const url = encodeURIComponent(secret)
  const form = new URLSearchParams({ '': secret }).toString().slice(1)
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1), // JSON in a string of JSON
    url,
    url.replaceAll('%20', '+'),
    inLowerCaseHex(url),
    form,
    inLowerCaseHex(form),
    inXml(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Forms(bytes),
  ]
}

const inLowerCaseHex = (encoded: string): string =>
  encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())

const inXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** A shorter piece would be met by chance. */
const minPieceLength = 6

/**
 * In base64 of something longer, such as `user:secret`, the secret may begin at any of three places within a group; the
 * characters that its neighbours share are left out.
 */
function base64Forms(bytes: Buffer): string[] {
  const pieces = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const firstOwn = Math.ceil((offset * 8) / 6)
    const piece = padded.slice(firstOwn, Math.floor(((offset + bytes.length) * 8) / 6))
    return piece.length >= minPieceLength ? [piece] : []
  })
  const whole = bytes.toString('base64')
  return [whole, ...pieces].flatMap((form) => [
    form,
    form.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'),
  ])
}
