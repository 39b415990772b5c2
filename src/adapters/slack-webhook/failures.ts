/** Slack's error bodies are one plain word. https://api.slack.com/messaging/webhooks#handling_errors */
import { IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'

const made =
  'Make a new webhook in the settings of the Slack app, and put its address into webhook.'

const meanings: Meaning[] = [
  { codes: ['invalid_payload', 'no_text'], kind: 'rejected', says: 'the message was refused' },
  { codes: ['user_not_found'], kind: 'config', says: 'the user it posts to is not there' },
  {
    codes: ['action_prohibited'],
    kind: 'config',
    says: 'an administrator does not let this webhook post',
  },
  { codes: ['invalid_token'], kind: 'auth', says: 'the address is not accepted', hint: made },
  {
    codes: ['no_service', 'no_service_id', 'no_team', 'no_active_hooks'],
    kind: 'config',
    says: 'there is no such webhook any more',
    hint: made,
  },
  {
    codes: ['channel_not_found', 'channel_is_archived', 'team_disabled'],
    kind: 'config',
    says: 'the channel takes no messages',
    hint: 'The channel was deleted or archived, or the workspace is closed.',
  },
  { codes: ['rollup_error'], kind: 'unavailable', outcome: 'unknown', says: 'Slack had a failure' },
]

export function readFailure({ status, text }: HttpReply): IntegrationError | undefined {
  const said = text.trim()
  if (status < 300) return status === 200 && said === 'ok' ? undefined : notOk(status)
  if (status < 400 || status === 429 || !/^[a-z_]+$/.test(said)) return undefined
  return failureOf(meanings, { code: said, status, message: said })
}

const notOk = (status: number): IntegrationError =>
  new IntegrationError({
    kind: 'bad_response',
    status,
    message: 'the answer is not the word "ok"',
    hint: 'Another program may be answering at this address: a proxy, a login page, a maintenance page.',
  })

/** What Slack says to a request without a text, once it has accepted the address. */
export const isAboutMissingText = (error: unknown): boolean =>
  error instanceof IntegrationError && ['no_text', 'invalid_payload'].includes(error.code ?? '')
