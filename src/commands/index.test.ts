import { expect, it } from 'vitest'
import { leafCommands } from '../testing/contract/commands.ts'
import { emptyProject } from '../testing/program.ts'
import { widerThan } from '../testing/terminal.ts'

it('lists every command once, below a heading that says what it is for, at 80 columns', async () => {
  const shown = leafCommands().filter(({ isHidden }) => !isHidden)
  const names = new Set(shown.map(({ words }) => words.split(' ')[0]))

  const { code, out } = await emptyProject().run('--help')

  const [, ...sections] = out.split(/\n\n(?=\S.*:\n)/)
  const listed = sections.slice(1).flatMap((section) => section.match(/(?<=^ {2})[a-z]+/gm) ?? [])
  expect(code).toBe(0)
  expect(listed).toEqual([...names, 'help'])
  expect(sections.filter((section) => section.startsWith('Commands:'))).toEqual([])
  expect(widerThan(80, out)).toEqual([])
})
