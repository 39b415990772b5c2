/** Messages to a group of Feishu (飞书) or Lark through a custom robot. API: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
import { defineAdapter } from '../../core/adapter.ts'
import { proves } from '../../core/alert/reply.ts'
import { IntegrationError } from '../../core/errors.ts'
import { alert } from '../../core/kinds/alert.ts'
import { post, postNothing } from './api.ts'
import { baseUrl, FeishuRobotConfig, hookOf } from './config.ts'
import { keywordCode, readFailure } from './failures.ts'
import { toMessage } from './message.ts'
import { authorize } from './signature.ts'
import { feishuRobotTwin } from './twin.ts'

export const feishuRobot = defineAdapter({
  id: 'feishu-robot',
  kind: alert,
  title: 'Feishu / Lark robot',
  docs: 'https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot',
  config: FeishuRobotConfig,
  // Published: 100 messages a minute and 5 in a second. 90 a minute, evenly, keeps clear of both.
  limits: { timeoutMs: 10_000, perSecond: 90 / 60 },
  http: { baseUrl, secretParts: (config) => [hookOf(config)], authorize, readFailure },
  operations: {
    notify: {
      repeat: 'safe', // there is no key, and by policy: an alert that is told twice is better than none
      async run({ http, config }, asked) {
        const { message, cut } = toMessage(config, asked)
        await post(http, config, message)
        return { status: 'delivered', partial: false, cut }
      },
    },
  },
  async check({ http, config }) {
    try {
      await postNothing(http, config)
    } catch (error) {
      if (lacksOnlyKeyword(error) && config.keyword !== undefined) {
        return 'the address is accepted; the key word was not tried, and nothing was posted'
      }
      if (!proves(error, /^9499$/)) throw error
    }
    return 'the address is accepted; nothing was posted'
  },
  twin: feishuRobotTwin,
})

/** A check has no text, so a robot with key words refuses it where it comes to them first. */
const lacksOnlyKeyword = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === keywordCode
