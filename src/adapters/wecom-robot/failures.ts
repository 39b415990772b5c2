import { readRobotFailure } from '../../core/alert/reply.ts'
import type { Clock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'

/** Codes: https://developer.work.weixin.qq.com/document/path/90313 and the guide of group robots. */
export const meanings: readonly Meaning[] = [
  {
    codes: [93000],
    kind: 'config',
    says: 'there is no robot at this address',
    hint: 'Copy the webhook of the robot from its card in the group; a robot that was removed has none.',
  },
  {
    codes: [45009],
    kind: 'rate_limited',
    says: 'the robot was asked to post more than 20 messages in a minute',
    retryAfterMs: 60_000,
  },
  { codes: [40008], kind: 'rejected', says: 'the type of the message is not known' },
  { codes: [40058], kind: 'rejected', says: 'the message is not as the vendor wants it' },
  { codes: [44004], kind: 'rejected', says: 'the message is empty' },
  { codes: [45002], kind: 'rejected', says: 'the message is too long' },
  { codes: [45033], kind: 'rejected', says: 'the content was refused' },
  {
    codes: [-1],
    kind: 'unavailable',
    outcome: 'unknown',
    says: 'the vendor had a failure of its own',
  },
]

export const readFailure = (reply: HttpReply, clock: Clock): IntegrationError | undefined =>
  readRobotFailure(meanings, reply, clock, { code: ['errcode'], message: ['errmsg'] })
