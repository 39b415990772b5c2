import { instantText } from '../words.ts'
import type { Rule } from './rule.ts'

/** Once is chance: a chat that limits posts is asked again a little later. */
const failuresInARow = 2

/** Told by the other channels: none is told of itself. */
export const channelFailing: Rule = {
  id: 'channel_failing',
  title: 'A channel of alerts does not deliver',
  severity: 'high',
  when: () => `${failuresInARow} messages in a row could not be delivered`,
  find: ({ channels }) =>
    channels.flatMap(({ service, failures, failingSince }) =>
      failures >= failuresInARow && failingSince !== null
        ? [
            {
              subject: service,
              title: `${service} does not deliver alerts`,
              detail: `It has failed since ${instantText(failingSince)}; what it has to tell is kept.`,
              todo: `caravan alerts test --channel ${service}`,
            },
          ]
        : [],
    ),
}
