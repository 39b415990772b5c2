/** The one call of the robot. https://open.dingtalk.com/document/robots/custom-robot-access */
import type { Http } from '../../core/http.ts'
import type { DingtalkRobotConfig } from './config.ts'
import type { RobotMessage } from './schema.ts'

/** Answers `errcode 0` and no id; everything else is thrown. */
export async function post(
  http: Http,
  config: DingtalkRobotConfig,
  json: RobotMessage,
): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json })
}

/**
 * A message of a type that does not exist is refused with 400xxx after token and signature were looked at, and posts
 * nothing; there is no call that reads.
 */
export async function postNothing(http: Http, config: DingtalkRobotConfig): Promise<void> {
  await http.json({ method: 'POST', url: config.webhook.reveal(), json: { msgtype: 'check' } })
}
