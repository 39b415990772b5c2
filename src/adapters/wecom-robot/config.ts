import { z } from 'zod'
import { originOf, secretAddress } from '../../core/alert/address.ts'
import { mentionAll, mentionFrom, mentionMobiles, mentionUsers } from '../../core/alert/mentions.ts'

export const WecomRobotConfig = z.object({
  webhook: secretAddress(
    {
      description: 'Address of the robot, from its card in the group',
      example:
        'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2af1a5aaa',
    },
    (url) =>
      url.searchParams.get('key') ? undefined : 'has no key: copy the whole address, up to its end',
  ),
  mention_users: mentionUsers('User ids of members to call by name', 'lihua'),
  mention_mobiles: mentionMobiles,
  mention_all: mentionAll,
  mention_from: mentionFrom,
})
export type WecomRobotConfig = z.output<typeof WecomRobotConfig>

export const keyOf = ({ webhook }: WecomRobotConfig): string =>
  new URL(webhook.reveal()).searchParams.get('key') ?? ''

export const baseUrl = ({ webhook }: WecomRobotConfig): string => originOf(webhook)

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function warnConfig(config: WecomRobotConfig): { field: string; message: string }[] {
  if (uuid.test(keyOf(config))) return []
  return [{ field: 'webhook', message: 'the key is not a UUID, as those of WeCom are' }]
}
