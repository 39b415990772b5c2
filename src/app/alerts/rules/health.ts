import { instantText } from '../words.ts'
import type { Rule } from './rule.ts'

/** One that fails by chance is tried again at the next check. */
export const checksInARow = 3

export const healthFailing: Rule = {
  id: 'health_failing',
  title: 'The health checks of a service fail',
  severity: 'high',
  when: () => `${checksInARow} health checks of a service in a row failed`,
  find: ({ services }) =>
    services.flatMap(({ name, checks }) => {
      const [last] = checks
      if (!last || checks.length < checksInARow || checks.some(({ ok }) => ok)) return []
      return [
        {
          subject: name,
          title: `${name} fails its health checks`,
          detail: `The last ${checksInARow} failed, the latest at ${instantText(last.at)}${last.errorKind ? ` (${last.errorKind})` : ''}.`,
          todo: `caravan test ${name}`,
        },
      ]
    }),
}
