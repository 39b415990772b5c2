/** An alert as the robot takes it. */
import { inJsonBytes } from '../../core/alert/cut.ts'
import { isLoud } from '../../core/alert/mentions.ts'
import { plainText, wordsOf } from '../../core/alert/words.ts'
import type { Alert } from '../../core/kinds/alert.ts'
import type { FeishuRobotConfig } from './config.ts'
import { longestRequest, type RobotMessage } from './schema.ts'
import { signatureBytes } from './signature.ts'

export function toMessage(
  config: FeishuRobotConfig,
  alert: Alert,
): { message: RobotMessage; cut: boolean } {
  const tail = isLoud(alert.level, config.mention_from) ? callsTo(config) : ''
  const messageOf = (text: string): RobotMessage => ({
    msg_type: 'text',
    content: { text: text + tail },
  })

  const frame = Buffer.byteLength(JSON.stringify(messageOf(''))) + signatureBytes
  const { keyword } = config
  const harmless = { ...alert, title: withoutCalls(alert.title), text: withoutCalls(alert.text) }
  const words = wordsOf(harmless, { max: longestRequest - frame, sizeOf: inJsonBytes, keyword })
  return { message: messageOf(plainText(words)), cut: words.cut }
}

function callsTo({ mention_users, mention_all }: FeishuRobotConfig): string {
  const called = [...mention_users, ...(mention_all ? ['all'] : [])]
  if (called.length === 0) return ''
  return `\n${called.map((id) => `<at user_id="${id}"></at>`).join(' ')}`
}

/** A text that quotes what somebody else wrote must not call the whole group; a space of no width keeps it readable. */
const withoutCalls = (text: string): string => text.replace(/<(?=\/?at\b)/gi, '<\u200b')
