/** The output contract of the help: whole, at 80 columns, and with examples that run. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { leafCommands } from '../../testing/contract/commands.ts'
import { type Prepared, prepareHome } from '../../testing/contract/home.ts'
import { type Example, exampleNames, fillIn, recipes } from '../../testing/contract/recipes.ts'
import { type Finished, runLine, runOnce } from '../../testing/contract/run.ts'
import { widerThan } from '../../testing/terminal.ts'

const commands = leafCommands()
let prepared: Prepared

beforeAll(async () => {
  prepared = await prepareHome()
})
afterAll(() => prepared?.close())

it.concurrent.for(commands)('$words --help tells all there is', async ({ words, command }) => {
  const { code, out, err } = await helpOf(words)

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(`Usage: caravan ${words}`)
  expect(out.replaceAll(/\s+/g, ' ')).toContain(command.description() || command.summary())
  expect(command.summary()).toMatch(/^[A-Z].*[^.]$/)
  const untold = command.options.filter(({ description }) => description === '')
  expect(untold.map(({ flags }) => flags)).toEqual([])
  const unnamed = command.registeredArguments.filter(({ description }) => description === '')
  expect(unnamed.map((argument) => argument.name())).toEqual([])
  expect(widerThan(80, out)).toEqual([])
})

it.concurrent.for(commands.filter(({ isHidden }) => !isHidden))(
  'the examples of $words run',
  async ({ words }) => {
    const examples = examplesIn((await helpOf(words)).out)

    expect(examples.length).toBeGreaterThan(0)
    const gone = Object.keys(recipes[words]?.examples ?? {}).filter(
      (line) => !examples.includes(line),
    )
    expect(gone).toEqual([])
    for (const line of examples) {
      expect(line).toMatch(/^(?:\w[^|]* \| )?caravan /)
      const example: Example = recipes[words]?.examples?.[line] ?? {}
      const { exit = 0, says = '', stopAt, stdin, before, isFresh } = example
      const home = isFresh ? prepared.empty() : prepared.copy()
      await before?.(home)

      const ended = await runLine(hereOf(line), home, { stopAt, stdin })

      expect({ line, ...ended }).toMatchObject({ line, code: exit })
      expect(ended.err).toContain(says)
      expect(line.endsWith('--help') ? widerThan(80, ended.out) : []).toEqual([])
    }
  },
)

const helps = new Map<string, Promise<Finished>>()

/** What `--help` prints; asked once. */
function helpOf(words: string): Promise<Finished> {
  const known = helps.get(words) ?? runOnce([...words.split(' '), '--help'], prepared.reading)
  helps.set(words, known)
  return known
}

/** The lines below "Examples:". */
const examplesIn = (help: string): string[] => {
  const [, below = ''] = help.split('\nExamples:\n')
  return [...below.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line = '']) => line)
}

/** The line with what is real here in the place of what it names. */
const hereOf = (line: string): string =>
  fillIn(
    exampleNames.reduce((text, [example, here]) => text.replaceAll(example, here), line),
    prepared,
  )
