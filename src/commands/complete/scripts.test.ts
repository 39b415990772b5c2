/** The scripts in the shells they are for. Bash is on every machine that runs the tests; the others are skipped aloud. */
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { haierProject, type Project, programPath } from '../../testing/program.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { plain, startOnTerminal, whyNoTerminal } from '../../testing/terminal.ts'
import { type Shell, scriptFor } from './scripts.ts'

const missing = (shell: Shell): boolean => spawnSync(shell, ['--version']).error !== undefined

const skipped = (['bash', 'zsh', 'fish'] as const).filter(missing)
if (skipped.length > 0)
  console.warn(`completion is not tested in ${skipped.join(', ')}: not installed`)

/** A folder with `caravan` in it, for the PATH, and the script of a shell. */
function install(shell: Shell): { folder: string; script: string } {
  const folder = temporaryFolder()
  const program = join(folder, 'caravan')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${programPath()}' "$@"\n`)
  chmodSync(program, 0o755)
  const script = join(folder, 'script')
  writeFileSync(script, scriptFor(shell))
  return { folder, script }
}

function runIn(shell: Shell, words: readonly string[], at: Project): (text: string) => string[] {
  const { folder, script } = install(shell)
  return (text) => {
    const { stdout, stderr } = spawnSync(shell, [...words, text.replaceAll('SCRIPT', script)], {
      cwd: at.folder,
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}`, HOME: at.file('../home'), LANG: 'C.UTF-8' },
    })
    expect(stderr).toBe('')
    return stdout.split('\n').filter(Boolean)
  }
}

it.each(['bash', 'zsh', 'fish'] as const)('prints the script for %s', async (shell) => {
  const { run } = await haierProject()

  expect(await run(`completion ${shell}`)).toEqual({ code: 0, out: scriptFor(shell), err: '' })
})

describe.skipIf(missing('bash'))('in bash', () => {
  it('completes words as readline hands them over', async () => {
    const at = await haierProject()
    await at.run('add haier haier-test --no-test --answers answers.json')
    const run = runIn('bash', ['--norc', '-c'], at)
    /** Calls the function as readline does: the last word is the one with the cursor. */
    const complete = (...words: string[]) => {
      const quoted = words.map((word) => `'${word}'`).join(' ')
      return run(
        `source 'SCRIPT'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; ` +
          `_caravan caravan '${words.at(-1)}' '${words.at(-2)}'; printf '%s\\n' "\${COMPREPLY[@]}"`,
      )
    }

    expect(complete('caravan', 'sho')).toEqual(['show'])
    expect(complete('caravan', 'config', 'che')).toEqual(['check'])
    expect(complete('caravan', 'show', '')).toEqual(['haier', 'haier-test'])
    expect(complete('caravan', 'show', 'haier-')).toEqual(['haier-test'])
    expect(complete('caravan', 'show', '--', 'haier-')).toEqual(['haier-test'])
    expect(complete('caravan', 'list', '--js')).toEqual(['--json'])
    // Readline takes words apart at "=" and ":", and replaces the last piece only.
    expect(complete('caravan', 'list', '--output', '=', 'js')).toEqual(['json', 'jsonl'])
    expect(complete('caravan', 'list', '--output', '=')).toEqual(['table', 'json', 'jsonl', 'csv'])
    expect(complete('caravan', 'list', '--output=js')).toEqual(['--output=json', '--output=jsonl'])
    expect(complete('caravan', 'logs', '--service', 'haier-')).toEqual(['haier-test'])
    expect(complete('caravan', 'logs', '--since', '2026-11-21T08', ':', '00', '--serv')).toEqual([
      '--service',
    ])
    expect(complete('caravan', 'show', 'nothing')).toEqual([])
    expect(complete('caravan', 'backup', 'answ')).toEqual(['answers.json'])
    expect(complete('caravan', 'init', '../cach')).toEqual(['../cache'])
  })

  it('asks the program that stands on the line', async () => {
    const at = await haierProject()
    const { folder } = install('bash')
    const run = runIn('bash', ['--norc', '-c'], at)

    const found = run(
      `PATH=/usr/bin:/bin; source 'SCRIPT'; COMP_WORDS=('${folder}/caravan' show ''); COMP_CWORD=2; _caravan; ` +
        `printf '%s\\n' "\${COMPREPLY[@]}"`,
    )

    expect(found).toEqual(['haier'])
  })

  it('is registered, and leaves no variable behind', async () => {
    const at = await haierProject()
    const run = runIn('bash', ['--norc', '-c'], at)

    expect(run(`source 'SCRIPT'; complete -p caravan`)).toEqual([
      'complete -o nosort -F _caravan caravan',
    ])
    expect(
      run(
        `source 'SCRIPT'; COMP_WORDS=(caravan sho) COMP_CWORD=1; _caravan; ` +
          `for name in words cur last line files prefix piece n i; do declare -p $name 2>/dev/null; done; true`,
      ),
    ).toEqual([])
  })
})

describe.skipIf(missing('zsh') || whyNoTerminal())('in zsh', () => {
  it('completes words as the line editor hands them over', async () => {
    const at = await haierProject()
    const { folder, script } = install('zsh')
    const { type, prints, soFar } = startOnTerminal('-f -i', {
      program: 'zsh',
      cwd: at.folder,
      env: { PATH: `${folder}:${process.env.PATH}`, PS1: '' },
    })
    type(`autoload -U compinit; compinit -u -D; source '${script}'; print rea''dy\r`)
    await prints('ready')

    type('caravan sho\t')
    await prints('caravan show')
    type('hai\t')
    await prints('haier')
    type('\u0015caravan list --output \t\t')

    await prints('jsonl')
    expect(plain(soFar())).toMatch(/table +json +jsonl +csv/)
  })
})

describe.skipIf(missing('fish'))('in fish', () => {
  it('completes commands and names', async () => {
    const run = runIn('fish', ['--no-config', '-c'], await haierProject())

    expect(run(`source SCRIPT; complete -C 'caravan sho'`)[0]).toMatch(/^show\t/)
    expect(run(`source SCRIPT; complete -C 'caravan show '`)).toEqual(['haier\thaier'])
  })
})
