/** The one call of the robot. https://developer.work.weixin.qq.com/document/path/91770 */
import type { Http } from '../../core/http.ts'
import type { WecomRobotConfig } from './config.ts'
import type { RobotMessage } from './schema.ts'

/** Answers `errcode 0` and no id; everything else is thrown. */
export async function post(
  http: Http,
  config: WecomRobotConfig,
  json: RobotMessage,
): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json })
}

/**
 * A message of a type that does not exist is refused with 40008 after the key was looked at, and posts nothing; there is
 * no call that reads.
 */
export async function postNothing(http: Http, config: WecomRobotConfig): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json: { msgtype: 'check' } })
}
