/** An alert as the robot takes it. */
import { inJsonBytes } from '../../core/alert/cut.ts'
import { isLoud } from '../../core/alert/mentions.ts'
import { plainText, wordsOf } from '../../core/alert/words.ts'
import type { Alert } from '../../core/kinds/alert.ts'
import type { DingtalkRobotConfig } from './config.ts'
import { longestMessage, type RobotMessage } from './schema.ts'

export function toMessage(
  config: DingtalkRobotConfig,
  alert: Alert,
): { message: RobotMessage; cut: boolean } {
  const called = isLoud(alert.level, config.mention_from)
  const { mention_mobiles: atMobiles, mention_users: atUserIds, mention_all: isAtAll } = config
  const hasAt = called && (atMobiles.length > 0 || atUserIds.length > 0 || isAtAll)
  const at = hasAt ? { atMobiles, atUserIds, isAtAll } : undefined
  // Only who also stands in the text is shown as called.
  const names = hasAt ? [...atMobiles, ...atUserIds].map((each) => `@${each}`).join(' ') : ''
  const tail = names === '' ? '' : `\n${names}`
  const messageOf = (content: string): RobotMessage => ({
    msgtype: 'text',
    text: { content: content + tail },
    at,
  })

  const frame = Buffer.byteLength(JSON.stringify(messageOf('')))
  const { keyword } = config
  const words = wordsOf(alert, { max: longestMessage - frame, sizeOf: inJsonBytes, keyword })
  return { message: messageOf(plainText(words)), cut: words.cut }
}
