/** The address of a robot: whoever knows it can post, so the whole of it is a secret. */
import { secret, type Secret } from '../secret.ts'
import { isBare, surrounded } from '../secret-form.ts'
import { serviceUrl } from '../service-url.ts'

const address = serviceUrl()

/**
 * A config field for such an address; plain http to this machine is accepted, where a twin listens. `faultOf` says what
 * is wrong with it beyond that, and its words never quote the address.
 */
export const secretAddress = (
  meta: { description: string; example: string },
  faultOf: (url: URL) => string | undefined,
) =>
  secret(meta.description)
    .superRefine((given, context) => {
      const message = faultIn(given.reveal(), faultOf)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .meta({ ...meta, secret: true })

function faultIn(text: string, faultOf: (url: URL) => string | undefined): string | undefined {
  if (!isBare(text)) return surrounded
  const read = address.safeParse(text)
  if (!read.success) return read.error.issues[0]?.message ?? 'is no URL'
  return faultOf(new URL(text))
}

export const originOf = (webhook: Secret): string => new URL(webhook.reveal()).origin
