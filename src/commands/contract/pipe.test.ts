/** The output contract in pipes: JSON by its published schema and nothing besides, in any locale, and no question. */
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { answers } from '../../app/answers/index.ts'
import { leafCommands } from '../../testing/contract/commands.ts'
import { type Prepared, prepareHome } from '../../testing/contract/home.ts'
import {
  consentCommands,
  fillIn,
  homeFor,
  recipes,
  wordsOf,
} from '../../testing/contract/recipes.ts'
import { type How, runOnce } from '../../testing/contract/run.ts'
import { plain } from '../../testing/terminal.ts'

const commands = leafCommands()
const docs = resolve(import.meta.dirname, '../../../docs/json')
let prepared: Prepared

beforeAll(async () => {
  prepared = await prepareHome()
})
afterAll(() => prepared?.close())

it('every command has a recipe, and every recipe is of a command', () => {
  const words = commands.map((each) => each.words)

  expect(Object.keys(recipes).toSorted()).toEqual(words.toSorted())
})

it('every command that prints JSON has a published schema, and every schema a command', () => {
  const printing = commands.filter(({ hasJson }) => hasJson).map(({ words }) => words)

  // This one has a format of its own, and is a file rather than an answer.
  expect(Object.keys(answers).toSorted()).toEqual([...printing, 'export products'].toSorted())
  const files = Object.keys(answers).map((words) => `${words.replaceAll(' ', '-')}.json`)
  expect(readdirSync(docs).toSorted()).toEqual([...files, 'README.md'].toSorted())
})

it.concurrent.for(commands.filter(({ hasJson }) => hasJson))(
  '$words --json prints one document by its schema, and nothing else on stdout',
  async ({ words }) => {
    const { exit = 0, also = [] } = recipes[words] ?? {}
    const first = wordsOf(words, prepared)
    const others = also.map(([text, code]) => [fillIn(text, prepared).split(' '), code] as const)

    for (const [line, code] of [[first, exit] as const, ...others]) {
      const ended = await runOnce([...line, '--json'], await homeFor(words, prepared))

      expect({ line, ...ended }).toMatchObject({ line, code })
      expect(faultsOf(words, ended.out)).toBe('')
      expect(escapesIn(ended)).toEqual([])
    }
  },
)

it.concurrent('export products --format json prints one document by its schema', async () => {
  const { code, out } = await runOnce(['export', 'products', '--format', 'json'], prepared.reading)

  expect(code).toBe(0)
  expect(faultsOf('export products', out)).toBe('')
})

it.concurrent.for(commands.filter(({ isList }) => isList))(
  '$words prints the same rows as JSON, as JSON lines and as CSV',
  async ({ words }) => {
    const line = wordsOf(words, prepared)
    const home = await homeFor(words, prepared)
    const run = (format: string) => runOnce([...line, '--output', format], home)
    const [asJson, asLines, asCsv] = await Promise.all(['json', 'jsonl', 'csv'].map(run))

    const [rows = []] = Object.values(JSON.parse(asJson?.out ?? '') as Record<string, object[]>)
    const lines = asLines?.out.trimEnd().split('\n') ?? []
    const [head = [], ...records] = csvRecords(asCsv?.out ?? '')

    expect(rows.length).toBeGreaterThan(0)
    expect(withoutTimes(lines.map((text) => JSON.parse(text)))).toEqual(withoutTimes(rows))
    expect(head).toEqual(Object.keys(rows[0] ?? {}))
    expect(records).toHaveLength(rows.length)
    for (const record of records) expect(record).toHaveLength(head.length)
  },
)

it.concurrent.for(commands)(
  '$words speaks UTF-8 without a locale, and draws nothing in a pipe',
  async ({ words }) => {
    const { exit = 0, shows = '', stopAt } = recipes[words] ?? {}
    const env = { LANG: undefined, LC_ALL: undefined }
    const how: How = { env, stopAt }

    const ended = await runOnce(wordsOf(words, prepared), await homeFor(words, prepared), how)

    expect(ended).toMatchObject({ code: exit })
    expect(ended.out + ended.err).toContain(shows)
    expect(ended.out + ended.err).not.toContain('\ufffd')
    expect(escapesIn(ended)).toEqual([])
  },
)

it.concurrent.for(commands.filter(({ needsArguments }) => needsArguments))(
  '$words without its arguments is exit 2 and names the first',
  async ({ words, command }) => {
    const ended = await runOnce(words.split(' '), prepared.reading)

    expect(ended).toMatchObject({ code: 2, out: '' })
    expect(ended.err).toContain(
      `missing required argument ${command.registeredArguments[0]?.name()}`,
    )
  },
)

const leftOut = Object.values(recipes).flatMap((recipe) => recipe.leftOut ?? [])

it.concurrent.for(leftOut)(
  '%s asks nobody without a terminal, and is exit %i naming %s',
  async ([words, exit, names]) => {
    const ended = await runOnce(fillIn(words, prepared).split(' '), prepared.copy())

    expect(ended).toMatchObject({ code: exit })
    expect(ended.err).toContain(names)
  },
)

it.concurrent.for(consentCommands())('%s without --yes is exit 7', async (words) => {
  const line = wordsOf(words, prepared).filter((word) => word !== '--yes')

  const ended = await runOnce(line, await homeFor(words, prepared))

  expect(ended).toMatchObject({ code: 7, out: '' })
  expect(ended.err).toContain('--yes')
})

/** What the schema has against the text; empty when it is one document and keeps to it. */
function faultsOf(words: string, text: string): string {
  const result = answers[words]?.safeParse(JSON.parse(text))
  if (!result) return `no schema of ${words}`
  return result.success ? '' : z.prettifyError(result.error)
}

/** Lines that have escape sequences, or draw over themselves. */
const escapesIn = ({ out, err }: { out: string; err: string }): string[] =>
  `${out}\n${err}`.split('\n').filter((line) => plain(line) !== line || /\r(?!$)/.test(line))

/** How long something took, and when it was looked at, is another every time. */
const withoutTimes = (rows: unknown): unknown =>
  JSON.parse(
    JSON.stringify(rows, (name, value: unknown) => (/_(ms|at)$/.test(name) ? null : value)),
  )

/** The lines of a CSV text as fields. */
function csvRecords(text: string): string[][] {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy
  const records: string[][] = [[]]
  for (const [, value = '', end] of text.matchAll(field)) {
    records.at(-1)?.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value)
    if (end !== ',') records.push([])
  }
  return records.slice(0, -1)
}
