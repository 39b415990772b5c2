import { counted } from '../../../core/words.ts'
import type { Rule } from './rule.ts'

export const deadLetters: Rule = {
  id: 'dead_letters',
  title: 'Calls wait for a person',
  severity: 'medium',
  when: () => 'a call could not be sent in time, or nobody knows whether it was done',
  find: ({ stuck: { dead, unknown } }) => [
    ...(dead > 0
      ? [
          {
            subject: 'dead',
            count: dead,
            title: `${counted(dead, 'call')} could not be sent in time`,
            detail: 'They are not sent any more until somebody puts them back.',
            todo: 'caravan queue --dead',
          },
        ]
      : []),
    ...(unknown > 0
      ? [
          {
            subject: 'unknown',
            count: unknown,
            title: `Nobody knows whether ${counted(unknown, 'call')} ${unknown === 1 ? 'was' : 'were'} done`,
            detail: 'The vendor may have acted, so they are not repeated.',
            todo: 'caravan queue list --status unknown',
          },
        ]
      : []),
  ],
}
