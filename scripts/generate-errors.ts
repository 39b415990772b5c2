/** docs/errors.md: what `caravan explain` says, on one page. */
import type { Explained } from '../src/app/answers/explain.ts'
import { listExplanations } from '../src/app/explain.ts'

const groups: { group: Explained['group']; title: string; about: string }[] = [
  {
    group: 'exit',
    title: 'Exit codes',
    about: 'What a script reads. The codes that lead to each are named in the tables below.',
  },
  {
    group: 'error',
    title: 'Errors of caravan',
    about: "The operator's words, the config, the state, a file: no vendor is to blame.",
  },
  {
    group: 'call',
    title: 'Failed calls',
    about:
      "The kind of failure of a call to a vendor. The vendor's own code stands behind it: `(auth, AuthFailure)`.",
  },
  {
    group: 'outcome',
    title: 'Outcomes of failed calls',
    about: 'Whether the vendor may have acted.',
  },
  {
    group: 'test',
    title: 'Causes of failed connection tests',
    about: 'What `caravan test` names.',
  },
  {
    group: 'api',
    title: 'Refusals of the listener',
    about:
      'What the API answers before it does anything; what it answers otherwise is in the tables above.',
  },
]

export function errorsPage(): string {
  const rows = listExplanations()
  const taken = new Set<string>()
  const sections = groups.map(({ group, title, about }) => {
    const lines = rows.filter((row) => row.group === group).map((row) => lineOf(row, taken))
    const [first, second] = group === 'exit' ? ['exit', ''] : ['code', 'exit']
    const head = [first, second, 'what it means', 'what to do'].filter(Boolean)
    return `## ${title}

${about}

| ${head.join(' | ')} |
| ${head.map(() => '---').join(' | ')} |
${lines.join('\n')}
`
  })
  return `# Codes

An error shows its code in brackets: \`✗ there is no service named haeir (service_unknown)\`. Codes are stable; a script may
rely on them. \`caravan explain <code>\` shows the same as this page, and takes exit codes too.

${sections.join('\n')}`
}

/** The link to a code is its name; where another group has the name already, that group's stands before it. */
function lineOf({ code, group, exit, cause, next }: Explained, taken: Set<string>): string {
  const name = group === 'exit' ? `exit-${code}` : code
  const anchor = taken.has(name) ? `${group}-${name}` : name
  taken.add(anchor)
  const cells = [
    `<a id="${anchor}"></a>\`${code}\``,
    ...(group === 'exit' ? [] : [exit === null ? '' : `[${exit}](#exit-${exit})`]),
    cause,
    next,
  ]
  return `| ${cells.map(inTable).join(' | ')} |`
}

/** What is to be typed stands in quotes on a terminal, and as code on a page. */
const inTable = (cell: string): string =>
  cell.replaceAll(/"((?:caravan|chmod|ls|--)[^"]*)"/g, '`$1`').replaceAll('|', '\\|')
