/** Messages to a group of WeCom (企业微信) through its group robot. API: https://developer.work.weixin.qq.com/document/path/91770 */
import { defineAdapter } from '../../core/adapter.ts'
import { inBytes } from '../../core/alert/cut.ts'
import { isLoud } from '../../core/alert/mentions.ts'
import { proves } from '../../core/alert/reply.ts'
import { plainText, wordsOf } from '../../core/alert/words.ts'
import { type Alert, alert, type AlertLevel } from '../../core/kinds/alert.ts'
import { post, postNothing } from './api.ts'
import { baseUrl, keyOf, warnConfig, WecomRobotConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { longestText } from './schema.ts'
import { wecomRobotTwin } from './twin.ts'

export const wecomRobot = defineAdapter({
  id: 'wecom-robot',
  kind: alert,
  title: 'WeCom group robot',
  docs: 'https://developer.work.weixin.qq.com/document/path/91770',
  config: WecomRobotConfig,
  warnConfig,
  // Published: 20 messages a minute. 18, so that a clock of theirs that runs otherwise does not matter.
  limits: { timeoutMs: 10_000, perSecond: 18 / 60 },
  http: { baseUrl, secretParts: (config) => [keyOf(config)], readFailure },
  operations: {
    notify: {
      repeat: 'safe', // there is no key, and by policy: an alert that is told twice is better than none
      async run({ http, config }, asked: Alert) {
        const words = wordsOf(asked, { max: longestText, sizeOf: inBytes })
        const text = { content: plainText(words), ...mentions(config, asked.level) }
        await post(http, config, { msgtype: 'text', text })
        return { status: 'delivered', partial: false, cut: words.cut }
      },
    },
  },
  async check({ http, config }) {
    try {
      await postNothing(http, config)
    } catch (error) {
      if (!proves(error, /^(40008|44004)$/)) throw error
    }
    return 'the key is accepted; nothing was posted'
  },
  twin: wecomRobotTwin,
})

function mentions(config: WecomRobotConfig, level: AlertLevel) {
  if (!isLoud(level, config.mention_from)) return {}
  const users = [...config.mention_users, ...(config.mention_all ? ['@all'] : [])]
  return {
    mentioned_list: users.length > 0 ? users : undefined,
    mentioned_mobile_list: config.mention_mobiles.length > 0 ? config.mention_mobiles : undefined,
  }
}
