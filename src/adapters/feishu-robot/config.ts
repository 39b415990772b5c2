import { z } from 'zod'
import { originOf, secretAddress } from '../../core/alert/address.ts'
import { mentionAll, mentionFrom, mentionUsers } from '../../core/alert/mentions.ts'
import { secretOf } from '../../core/secret-form.ts'

export const FeishuRobotConfig = z.object({
  webhook: secretAddress(
    {
      description: 'Address of the robot, from its settings in the group; Feishu or Lark',
      example: 'https://open.feishu.cn/open-apis/bot/v2/hook/01234567-89ab-cdef-0123-456789abcdef',
    },
    ({ pathname }) => {
      if (hook.test(pathname)) return undefined
      return /\/bot\/hook\//.test(pathname)
        ? 'is of the old version, which takes other messages: add a custom robot anew, whose address has /bot/v2/hook/'
        : 'must have /bot/v2/hook/ and the robot’s own id in its path'
    },
  ),
  secret: secretOf('Signing secret, where the robot has "signature verification" switched on', {
    fits: (value) => !/\s/.test(value),
    says: 'must have no blanks in it',
  }).optional(),
  keyword: z.string().trim().min(1).max(100).optional().meta({
    description: 'One of the robot’s key words, where it has any; added to a message that lacks it',
    example: 'alert',
  }),
  mention_users: mentionUsers('Open ids of members to call by name', 'ou_18eac85d35a26f98'),
  mention_all: mentionAll,
  mention_from: mentionFrom,
})
export type FeishuRobotConfig = z.output<typeof FeishuRobotConfig>

const hook = /\/bot\/v2\/hook\/([^/]+)\/?$/

/** The id in the path is what proves that we may post. */
export const hookOf = ({ webhook }: FeishuRobotConfig): string =>
  hook.exec(new URL(webhook.reveal()).pathname)?.[1] ?? ''

export const baseUrl = ({ webhook }: FeishuRobotConfig): string => originOf(webhook)
