import { plainText } from '../plain.ts'
import type { Rule } from './rule.ts'

/** An error of a file counts its faults in its first line; the first of them stands below. */
function firstOf(error: string): string {
  const [head = '', first] = error.split('\n')
  return [head, first].flatMap((line) => (line?.trim() ? plainText(line) : [])).join(' ')
}

export const configInvalid: Rule = {
  id: 'config_invalid',
  title: 'The config has a fault',
  severity: 'high',
  when: () =>
    'the file was changed and could not be loaded, or what it says of a service is no use',
  find: ({ daemons, services }) => {
    const refused = daemons.find(({ configError }) => configError !== null)
    return [
      ...(refused
        ? [
            {
              subject: 'config',
              title: 'The config was changed and is not in force',
              detail: `The one before it is. ${firstOf(refused.configError ?? '')}`,
              todo: 'caravan config check',
            },
          ]
        : []),
      ...services
        .filter(({ fault }) => fault !== null)
        .map(({ name, fault }) => ({
          subject: name,
          title: `${name} cannot be used: its config has a fault`,
          detail: `${plainText(fault ?? '')}. Calls that need it fail.`,
          todo: 'caravan config check',
        })),
    ]
  },
}
