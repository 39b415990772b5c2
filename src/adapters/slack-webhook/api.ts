import type { Http } from '../../core/http.ts'
import type { SlackConfig } from './config.ts'

/** `mrkdwn: false`: nothing in an alert is taken for markup. */
export type Posted = { text: string; mrkdwn: false }

/** Answers the word "ok"; everything else is thrown. https://api.slack.com/messaging/webhooks */
export async function post(http: Http, config: SlackConfig, json: Posted): Promise<void> {
  await http.send({ method: 'POST', url: config.webhook.reveal(), json })
}

/** Refused for its missing text, but not before the address was accepted; there is no call that reads. */
export async function postNothing(http: Http, config: SlackConfig): Promise<void> {
  await http.send({ method: 'POST', url: config.webhook.reveal(), json: {} })
}
