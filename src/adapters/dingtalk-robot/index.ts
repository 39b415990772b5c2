/** Messages to a group of DingTalk (钉钉) through a custom robot. API: https://open.dingtalk.com/document/robots/custom-robot-access */
import { defineAdapter } from '../../core/adapter.ts'
import { proves } from '../../core/alert/reply.ts'
import { IntegrationError } from '../../core/errors.ts'
import { alert } from '../../core/kinds/alert.ts'
import { post, postNothing } from './api.ts'
import { baseUrl, DingtalkRobotConfig, tokenOf, warnConfig } from './config.ts'
import { keywordWords, readFailure, securityCode } from './failures.ts'
import { toMessage } from './message.ts'
import { authorize } from './signature.ts'
import { dingtalkRobotTwin } from './twin.ts'

export const dingtalkRobot = defineAdapter({
  id: 'dingtalk-robot',
  kind: alert,
  title: 'DingTalk robot',
  docs: 'https://open.dingtalk.com/document/robots/custom-robot-access',
  config: DingtalkRobotConfig,
  warnConfig,
  // Published: 20 messages a minute, and ten minutes of silence for one more. 18, to stay clear of it.
  limits: { timeoutMs: 10_000, perSecond: 18 / 60 },
  http: { baseUrl, secretParts: (config) => [tokenOf(config)], authorize, readFailure },
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
        return 'the token is accepted; the key word was not tried, and nothing was posted'
      }
      if (!proves(error, /^400\d{3}$/)) throw error
    }
    return 'the token is accepted; nothing was posted'
  },
  twin: dingtalkRobotTwin,
})

/** A check has no text, so a robot with key words refuses it where it comes to them first. */
const lacksOnlyKeyword = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  error.code === securityCode &&
  keywordWords.test(error.message)
