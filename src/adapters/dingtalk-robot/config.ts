import { z } from 'zod'
import { originOf, secretAddress } from '../../core/alert/address.ts'
import { mentionAll, mentionFrom, mentionMobiles, mentionUsers } from '../../core/alert/mentions.ts'
import { secretOf } from '../../core/secret-form.ts'

export const DingtalkRobotConfig = z.object({
  webhook: secretAddress(
    {
      description: 'Address of the robot, from its settings in the group',
      example: `https://oapi.dingtalk.com/robot/send?access_token=${'0'.repeat(64)}`,
    },
    (url) =>
      url.searchParams.get('access_token')
        ? undefined
        : 'has no access_token: copy the whole address, up to its end',
  ),
  secret: secretOf('Signing secret, where the robot has "sign" among its security settings', {
    fits: (value) => value.startsWith('SEC'),
    says: 'must begin with SEC',
  }).optional(),
  keyword: z.string().trim().min(1).max(100).optional().meta({
    description: 'One of the robot’s key words, where it has any; added to a message that lacks it',
    example: 'alert',
  }),
  mention_users: mentionUsers('User ids of members to call by name', 'manager4220'),
  mention_mobiles: mentionMobiles,
  mention_all: mentionAll,
  mention_from: mentionFrom,
})
export type DingtalkRobotConfig = z.output<typeof DingtalkRobotConfig>

export const tokenOf = ({ webhook }: DingtalkRobotConfig): string =>
  new URL(webhook.reveal()).searchParams.get('access_token') ?? ''

export const baseUrl = ({ webhook }: DingtalkRobotConfig): string => originOf(webhook)

export function warnConfig(config: DingtalkRobotConfig): { field: string; message: string }[] {
  if (/^[0-9a-f]{64}$/i.test(tokenOf(config))) return []
  const message = 'the access_token is not 64 hexadecimal digits, as those of DingTalk are'
  return [{ field: 'webhook', message }]
}
