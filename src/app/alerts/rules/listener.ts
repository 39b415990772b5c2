import { plainText } from '../plain.ts'
import type { Rule } from './rule.ts'

export const listenerDown: Rule = {
  id: 'listener_down',
  title: 'The daemon does not listen where it should',
  severity: 'high',
  when: () => 'nothing could listen at the address under "listen"',
  find: ({ daemons }) => {
    const found = daemons.find(({ listenError }) => listenError !== null)
    if (!found) return []
    return [
      {
        subject: 'listener',
        title: 'The daemon does not listen where it should',
        detail: `${plainText(found.listenError ?? '')}. It is tried again by itself; what vendors send is lost to us meanwhile.`,
        todo: 'Correct "listen" in integrations.yaml, or end what is in the way.',
      },
    ]
  },
}
