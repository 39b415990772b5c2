/** The published shapes of what commands print with `--json`: docs/json, a JSON Schema for each command. */
import { answers } from '../src/app/answers/index.ts'
import { jsonSchemaOf } from '../src/app/answers/json-schema.ts'

/** Every file by its path from the root. */
export function generateSchemas(): [file: string, text: string][] {
  const commands = Object.keys(answers).toSorted()
  return [
    ['docs/json/README.md', indexPage(commands)],
    ...commands.map((words): [string, string] => [
      `docs/json/${fileOf(words)}`,
      `${JSON.stringify(schemaOf(words), null, 2)}\n`,
    ]),
  ]
}

const fileOf = (words: string): string => `${words.replaceAll(' ', '-')}.json`

function schemaOf(words: string): object {
  const schema = answers[words]
  if (!schema) throw new Error(`no answer of ${words}`)
  const { $schema, ...rest } = jsonSchemaOf(schema) as Record<string, unknown>
  return { $schema, title: `caravan ${words} --json`, ...rest }
}

const indexPage = (commands: readonly string[]): string => `# What \`--json\` prints

One JSON document on stdout, and nothing else; words about it are on stderr. Field names are stable: a new version may
add some, and takes none away. Instants are ISO 8601 in UTC. A list is one object with the rows under a name;
\`--output jsonl\` prints the rows alone, one a line, and \`--output csv\` prints them as a table with a head.

| command | schema |
| --- | --- |
${commands.map((words) => `| \`caravan ${words}\` | [${fileOf(words)}](${fileOf(words)}) |`).join('\n')}

The schemas are JSON Schema, draft 2020-12. A test runs every command against its own.
`
