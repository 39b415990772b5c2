import { counted } from '../../../core/words.ts'
import type { ServiceFacts } from '../facts.ts'
import type { Finding, Rule } from './rule.ts'

export const breakerOpened: Rule = {
  id: 'breaker_opened',
  title: 'The breaker of a service is open, or its credentials were refused',
  severity: 'high',
  when: () => 'the breaker of a service is not closed; low when somebody opened it by hand',
  find: ({ services }) => services.flatMap(ofService),
}

function ofService({ name, breaker }: ServiceFacts): Finding[] {
  if (breaker.word === 'closed') return []
  if (breaker.trippedBy !== null) {
    return [
      {
        subject: name,
        severity: 'low',
        title: `The breaker of ${name} was opened by hand`,
        detail: `${breaker.trippedBy} opened it: nothing is sent to ${name}.`,
        todo: `caravan breaker reset ${name}`,
      },
    ]
  }
  if (breaker.word === 'held') {
    return [
      {
        subject: name,
        title: `${name} is held: its credentials were refused`,
        detail:
          'Nothing is sent until its config changes: vendors lock accounts after more refusals.',
        todo: `caravan test ${name}`,
      },
    ]
  }
  return [
    {
      subject: name,
      title: `The breaker of ${name} is open`,
      detail: `After ${counted(breaker.failures, 'failure')} in a row nothing is sent but a probe now and then.`,
      todo: `caravan test ${name}`,
    },
  ]
}
