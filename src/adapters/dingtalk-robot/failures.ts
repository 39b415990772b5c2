import { readRobotFailure } from '../../core/alert/reply.ts'
import type { Clock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'

/** After too many messages the robot is silent for about ten minutes. */
const silenceMs = 10 * 60_000

/** 310000 stands for every security setting; which one it was, its message alone tells. */
export const securityCode = '310000'
export const keywordWords = /key ?words?|关键词/i

/** Codes: https://open.dingtalk.com/document/robots/custom-robot-access */
export const meanings: readonly Meaning[] = [
  {
    codes: [securityCode],
    pattern: keywordWords,
    kind: 'config',
    says: 'the message holds none of the robot’s key words',
    hint: 'Set "keyword" to one of the key words in the robot’s security settings.',
  },
  {
    codes: [securityCode],
    pattern: /\bip\b|white ?list/i,
    kind: 'config',
    says: 'this machine is not on the robot’s list of addresses',
    hint: 'Add the address of this machine to the security settings of the robot.',
  },
  {
    codes: [securityCode],
    pattern: /timestamp/i,
    kind: 'auth',
    says: 'the time in the signature was not accepted',
    hint: 'Set the clock of this machine: a signature is good for an hour.',
  },
  {
    codes: [securityCode],
    kind: 'auth',
    says: 'the signature was not accepted',
    hint: 'Compare "secret" with the robot’s security settings, where it begins with SEC.',
  },
  {
    codes: [300001],
    kind: 'auth',
    says: 'there is no robot with this access_token',
    hint: 'Copy the webhook from the robot’s settings; a robot that was removed or stopped has none.',
  },
  {
    codes: [130101, 410100],
    kind: 'rate_limited',
    says: 'the robot was asked to post more than 20 messages in a minute',
    retryAfterMs: silenceMs,
  },
  {
    codes: [90030],
    kind: 'rate_limited',
    says: 'the organisation has used up what its plan allows',
    hint: 'The plan of the organisation limits the messages of its robots: wait for the next month, or extend it.',
  },
  { codes: [400402], kind: 'rejected', says: 'the message has no title' },
  { codes: [460101], kind: 'rejected', says: 'the message is too long' },
]

export const readFailure = (reply: HttpReply, clock: Clock): IntegrationError | undefined =>
  readRobotFailure(meanings, reply, clock, { code: ['errcode'], message: ['errmsg'] })
