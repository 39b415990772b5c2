import { z } from 'zod'
import { originOf, secretAddress } from '../../core/alert/address.ts'

export const SlackConfig = z.object({
  webhook: secretAddress(
    {
      description: 'Address of the incoming webhook, from the settings of the Slack app',
      example: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
    },
    ({ pathname }) =>
      /\/services\/[^/]+\/[^/]+\/[^/]+$/.test(pathname)
        ? undefined
        : 'must end in /services/ and three parts: copy the whole address, up to its end',
  ),
})
export type SlackConfig = z.output<typeof SlackConfig>

export const baseUrlOf = ({ webhook }: SlackConfig): string => originOf(webhook)

/** The path is what opens the door; of its parts the last one is the token. */
export function secretParts({ webhook }: SlackConfig): string[] {
  const { pathname } = new URL(webhook.reveal())
  return [pathname, pathname.split('/').at(-1) ?? '']
}
