import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './state.ts'

export type Certificate = { key: string; cert: string }

/** False when there is no openssl to make certificates with. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A certificate that signs itself. `host` stands in it as name and as IP address where it is one. */
export function makeCertificate(
  host: string,
  { expired = false, days = 30 }: { expired?: boolean; days?: number } = {},
): Certificate {
  const folder = temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const name = /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=${name}`]
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
  openssl('req', '-x509', '-days', String(days), ...newKey, ...subject, '-out', cert)
  if (expired) {
    openssl('x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', `${cert}.old`)
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(`${cert}.old`, 'utf8') }
  }
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
