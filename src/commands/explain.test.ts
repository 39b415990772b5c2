import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import type { Explained } from '../app/answers/explain.ts'
import { listExplanations } from '../app/explain.ts'
import { errorCodes } from '../core/errors.ts'
import { codeExplanations } from '../core/explanations.ts'
import { project } from '../testing/program.ts'
import type { Cli } from './cli.ts'
import { registerCommands } from './index.ts'
import { renderError } from './output/errors.ts'
import { CaravanError, IntegrationError } from '../core/errors.ts'

const all = listExplanations()
const src = join(import.meta.dirname, '..')

it('every code has a row, and every row a code', () => {
  expect(Object.keys(codeExplanations).toSorted()).toEqual(Object.keys(errorCodes).toSorted())
  expect(new Set(all.map(({ group, code }) => `${group} ${code}`)).size).toBe(all.length)
  expect(all.length).toBeGreaterThan(80)
})

it.each(all)('$group $code says what it means and what to do, in whole sentences', (row) => {
  for (const text of [row.cause, row.next]) {
    expect(text).toMatch(/^[A-Z“"i].{5,}\.$/s)
    expect(text).not.toContain('!')
  }
})

it('every command that an explanation names is one', () => {
  const program = new Command('caravan')
  registerCommands(program, {} as Cli)
  const named = all.flatMap(({ code, cause, next }) =>
    [...`${cause} ${next}`.matchAll(/"caravan ([^"]*)"/g)].map(([, words = '']) => ({
      code,
      words,
    })),
  )

  const wrong = named.filter(({ words }) => !leadsToCommand(program, words.split(' ')))

  expect(named.length).toBeGreaterThan(40)
  expect(wrong).toEqual([])
})

function leadsToCommand(program: Command, words: readonly string[]): boolean {
  let command = program
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (!next) return /^(--|<)/.test(word) || command.registeredArguments.length > 0
    command = next
  }
  return true
}

it('every code of the registry is thrown somewhere', () => {
  const texts = globSync('**/*.ts', { cwd: src })
    .filter(
      (file) =>
        // A connection test has causes of its own, some of them with the same name.
        !file.endsWith('.test.ts') &&
        !/^(core\/(errors|explanations|causes)|testing\/|app\/test\/)/.test(file),
    )
    .map((file) => readFileSync(join(src, file), 'utf8'))
    .join('\n')

  const dead = Object.keys(errorCodes).filter((code) => !thrown(texts, code))

  expect(dead).toEqual([])
})

/** Named as the code of something, not only compared with it. */
const thrown = (texts: string, code: string): boolean =>
  new RegExp(`(?<![!=]== |export const \\w+ = )'${code}'`).test(texts)

it('explains codes as they are read: in any case, pasted from an error, or as a number', async () => {
  const { run, json } = await project()
  const codesOf = async (words: string) =>
    (await json<{ codes: Explained[] }>(`explain ${words}`)).codes.map(({ code }) => code)

  expect(await codesOf('state_busy')).toEqual(['state_busy'])
  expect(await codesOf('State-Busy')).toEqual(['state_busy'])
  expect(await codesOf('auth, AuthFailure.SignatureFailure')).toEqual(['auth'])
  expect(await codesOf('(timeout; outcome unknown)')).toEqual(['timeout'])
  expect(await codesOf('unavailable, service_disabled')).toEqual(['service_disabled'])
  expect(await codesOf('token_refused host_unknown')).toEqual(['token_refused', 'host_unknown'])
  expect(await codesOf('bad_response, 12')).toEqual(['bad_response'])
  expect(await codesOf('12')).toEqual(['12', ...codesWith(12)])
  expect(await codesOf('')).toEqual(all.map(({ code }) => code))
  expect((await run('explain auth')).out).toMatch(
    /^code +auth \(a failed call to a vendor\)\nmeans +.*\.\nwhat to do +.*\.\nexit code +4\n$/,
  )
  expect((await run('explain 4')).out).toMatch(/^CODE.*\n4 +exit +4 .*\nversion_incomplete /)
})

const codesWith = (exit: number): string[] =>
  all.filter((row) => row.exit === exit && row.group !== 'exit').map(({ code }) => code)

it('an unknown code is exit 10, with the nearest one', async () => {
  const { run } = await project()

  expect(await run('explain sate_busy')).toEqual({
    code: 10,
    out: '',
    err: '✗ there is no code sate_busy (code_unknown)\n  Did you mean state_busy? "caravan explain" lists them.\n',
  })
})

it('knows the codes of ours that stand where a vendor has its own, and says of others whose they are', async () => {
  const { run } = await project()

  const ours = await run('explain config template_unknown')
  const theirs = await run('explain isv.BUSINESS_LIMIT_CONTROL')

  expect(ours).toMatchObject({ code: 0, err: '' })
  expect(ours.out).toMatch(/code +template_unknown \(a failed call to a vendor\)/)
  expect(theirs.code).toBe(10)
  expect(theirs.err).toContain("the vendor's own")
})

it('explains several codes, and names those that are none', async () => {
  const { run } = await project()

  const { code, out, err } = await run('explain state_busy 4 99')

  expect({ code, err }).toMatchObject({ code: 10, err: expect.stringContaining('no code 99 ') })
  expect(out).toMatch(/^state_busy .*\n4 +exit/m)
})

const paint = (_: string, text: string): string => text

it('an error that says nothing more points to its explanation', () => {
  const bare = new CaravanError({ code: 'state_io', message: 'the disk failed' })
  const told = new CaravanError({ code: 'state_io', message: 'the disk failed', hint: 'Mend it.' })
  const failed = new IntegrationError({ kind: 'timeout', message: 'no answer' })

  expect(renderError(bare, paint)).toBe(
    '✗ the disk failed (state_io)\n  More: caravan explain state_io\n',
  )
  expect(renderError(told, paint)).toBe('✗ the disk failed (state_io)\n  Mend it.\n')
  expect(renderError(failed, paint)).toContain('More: caravan explain timeout')
})
