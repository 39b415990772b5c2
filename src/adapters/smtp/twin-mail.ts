/** A mail as a person sees it: subject and text. Reads what `message.ts` writes, and no other mail. */

export function readMail(bytes: Buffer): string {
  const [head = '', ...parts] = bytes.toString('latin1').split('\r\n\r\n')
  const body = parts.join('\r\n\r\n')
  const isQuoted = /^Content-Transfer-Encoding: quoted-printable$/im.test(head)
  const text = isQuoted ? decodeQuoted(body) : body
  return `${subjectOf(head)}\n${text.replaceAll('\r\n', '\n')}`
}

function subjectOf(head: string): string {
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ')
  const subject = /^Subject: (.*)$/im.exec(unfolded)?.[1] ?? ''
  // Blanks between encoded words are none. RFC 2047, section 6.2
  return subject
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
      encoding.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString()
        : decodeQuoted(text.replaceAll('_', ' ')),
    )
}

/** RFC 2045, section 6.7 */
function decodeQuoted(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
