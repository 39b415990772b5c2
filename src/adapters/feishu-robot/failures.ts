import { readRobotFailure } from '../../core/alert/reply.ts'
import type { Clock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'

export const keywordCode = '19024'

/** Codes: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
export const meanings: readonly Meaning[] = [
  {
    codes: [19021],
    kind: 'auth',
    says: 'the signature or its time was not accepted',
    hint: 'Compare "secret" with the robot’s settings, and the clock of this machine: a signature is good for an hour.',
  },
  {
    codes: [19001],
    kind: 'auth',
    says: 'there is no robot at this address',
    hint: 'Copy the webhook from the robot’s settings; a robot that was removed or stopped has none.',
  },
  {
    codes: [19022],
    kind: 'config',
    says: 'this machine is not on the robot’s list of addresses',
    hint: 'Add the address of this machine to the security settings of the robot.',
  },
  {
    codes: [keywordCode],
    kind: 'config',
    says: 'the message holds none of the robot’s key words',
    hint: 'Set "keyword" to one of the key words in the robot’s security settings.',
  },
  {
    codes: [11232],
    kind: 'rate_limited',
    says: 'the vendor takes no more messages at the moment',
    hint: 'It is busiest at full and half hours: a schedule a few minutes off is heard.',
    retryAfterMs: 60_000,
  },
  { codes: [9499], kind: 'rejected', says: 'the message is not as the vendor wants it' },
  { codes: [19036], kind: 'rejected', says: 'the message is too long' },
]

export const readFailure = (reply: HttpReply, clock: Clock): IntegrationError | undefined =>
  readRobotFailure(meanings, reply, clock, {
    code: ['code', 'StatusCode'], // the second is the older form; both may stand there
    message: ['msg', 'StatusMessage'],
  })
