import { counted } from '../../../core/words.ts'
import type { Rule } from './rule.ts'

export const hooksFailed: Rule = {
  id: 'hooks_failed',
  title: 'Webhooks could not be handled',
  severity: 'medium',
  when: () => 'a webhook was taken in and could not be handled',
  find: ({ failedHooks }) =>
    failedHooks.map(({ service, count }) => ({
      subject: service,
      count,
      title: `${counted(count, 'webhook')} of ${service} could not be handled`,
      detail: 'They are kept, and are handled anew when somebody says so.',
      todo: `caravan hooks list --service ${service} --status failed`,
    })),
}
