import { z } from 'zod'

/** True for this machine itself: 127.0.0.0/8, ::1 and localhost. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** The address of a service: https, or plain http to this machine, where a twin listens. */
export const serviceUrl = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.example.com' })
    .refine((text) => isSafe(text), 'must be https; plain http is accepted for loopback hosts only')
    .refine((text) => !hasUserinfo(text), 'must not hold a user name or password')

function isSafe(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || isLoopback(url.hostname))
}

function hasUserinfo(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}
