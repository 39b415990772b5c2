/** The one call of the robot. https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
import type { Http } from '../../core/http.ts'
import type { FeishuRobotConfig } from './config.ts'
import type { RobotMessage } from './schema.ts'

/** Answers `code 0` and no id; everything else is thrown. */
export async function post(
  http: Http,
  config: FeishuRobotConfig,
  json: RobotMessage,
): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json })
}

/**
 * A message of a type that does not exist is refused with 9499 after address and signature were looked at, and posts
 * nothing; there is no call that reads.
 */
export async function postNothing(http: Http, config: FeishuRobotConfig): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json: { msg_type: 'check' } })
}
