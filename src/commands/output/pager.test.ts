import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { project, type Project } from '../../testing/program.ts'
import {
  keys,
  plain,
  runOnTerminal,
  startOnTerminal,
  whyNoTerminal,
} from '../../testing/terminal.ts'
import { isLonger, pagerOf } from './pager.ts'

it.each([
  [{}, 'less'],
  [{ PAGER: 'more' }, 'more'],
  [{ PAGER: 'more', CARAVAN_PAGER: 'less -S' }, 'less -S'],
  [{ PAGER: '' }, undefined],
  [{ PAGER: 'cat' }, undefined],
  [{ PAGER: 'more', CARAVAN_PAGER: '' }, undefined],
])('the pager of %o is %s', (env, command) => {
  expect(pagerOf(env)?.command).toBe(command)
})

it('tells less to keep colours, unless LESS says otherwise', () => {
  expect(pagerOf({})?.env.LESS).toBe('FRX')
  expect(pagerOf({ LESS: 'S' })?.env.LESS).toBe('S')
})

it.each([
  ['a\n'.repeat(9), false],
  ['a\n'.repeat(10), true],
  [`${'海'.repeat(20)}\n`.repeat(5), false],
  [`${'海'.repeat(21)}\n`.repeat(5), true],
  [`\u001b[32m${'a'.repeat(40)}\u001b[39m\n`.repeat(9), false],
])('counts lines as a terminal of 10 × 40 does (%#)', (text, longer) => {
  expect(isLonger(text, { rows: 10, columns: 40 })).toBe(longer)
})

/** A pager that notes what it is given, behind a mark of its own. */
function fakePager(at: Project, script: string): { command: string; noted(): string } {
  const path = at.file('pager.sh')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return {
    command: path,
    noted: () => (existsSync(at.file('noted')) ? readFileSync(at.file('noted'), 'utf8') : ''),
  }
}

const noPager = whyNoTerminal()
if (noPager) console.warn(`the pager is not tested on a terminal: ${noPager}`)

describe.skipIf(noPager !== undefined)('on a terminal', () => {
  const take = 'tee noted | sed "s/^/paged: /"'

  it('pages what is longer than the terminal, with its colours, and keeps the exit code', async () => {
    const at = await project()
    const { command, noted } = fakePager(at, take)
    const options = { cwd: at.folder, columns: 100, rows: 10, env: { PAGER: command } }

    const long = await runOnTerminal('explain', options)
    const text = noted()
    const short = await runOnTerminal('list', options)
    const json = await runOnTerminal('explain --json', options)

    expect(long).toMatchObject({ code: 0, screen: expect.stringContaining('paged: ') })
    expect(text).toContain('state_busy')
    expect(text.startsWith('\u001b[2mCODE')).toBe(true)
    expect(short.screen).not.toContain('paged: ')
    expect(json.screen).not.toContain('paged: ')
  })

  it.each([
    ['--no-pager explain', {}],
    ['explain --no-pager', {}],
    ['explain', { CI: '1' }],
    ['explain', { TERM: 'dumb' }],
    ['explain', { CARAVAN_PAGER: '' }],
    ['explain', { CARAVAN_PAGER: 'cat' }],
  ])('"caravan %s" with %o prints at once', async (words, env) => {
    const at = await project()
    const { command } = fakePager(at, take)

    const { code, screen } = await runOnTerminal(words, {
      cwd: at.folder,
      rows: 10,
      env: { PAGER: command, ...env },
    })

    expect(code).toBe(0)
    expect(screen).toContain('state_busy')
    expect(screen).not.toContain('paged: ')
  })

  it.each([
    ['is missing', '/nowhere/pager -R'],
    ['is missing in a shell', '/nowhere/pager "$HOME" 2>/dev/null'],
    ['fails', 'sh -c "exit 3"'],
    ['is killed', 'sh -c "kill -9 $$"'],
  ])('prints everything where the pager %s', async (_, pager) => {
    const at = await project()

    const { code, screen } = await runOnTerminal('explain', {
      cwd: at.folder,
      rows: 10,
      columns: 100,
      env: { CARAVAN_PAGER: pager },
    })

    expect(code).toBe(0)
    expect(plain(screen)).toMatch(/^CODE/m)
    expect(plain(screen)).toContain('state_busy')
  })

  it('leaving the pager early is no failure, and nothing is printed behind it', async () => {
    const at = await project()
    const { command } = fakePager(at, 'head -n 2')

    const { code, screen } = await runOnTerminal('explain', {
      cwd: at.folder,
      rows: 10,
      env: { PAGER: command },
    })

    expect(code).toBe(0)
    expect(plain(screen).trim().split('\n')).toHaveLength(2)
  })

  it('Ctrl-C is for the pager', async () => {
    const at = await project()
    const { command } = fakePager(
      at,
      'trap "echo interrupted; exit 2" INT; cat > noted; echo reading; while :; do sleep 0.1; done',
    )

    const terminal = startOnTerminal('explain', {
      cwd: at.folder,
      rows: 10,
      env: { PAGER: command },
    })
    await terminal.prints('reading')
    terminal.type(keys.interrupt)
    const { code, screen } = await terminal.ended

    expect(code).toBe(0)
    expect(screen).toContain('interrupted')
    expect(screen).not.toContain('state_busy')
  })

  it('keeps the exit code of what it shows', async () => {
    const at = await project()
    const { command, noted } = fakePager(at, take)
    at.write(
      'integrations.yaml',
      `version: 1\nservices:\n${Array.from({ length: 30 }, (_, n) => `  s${n}: { adapter: x }\n`).join('')}`,
    )

    const { code } = await runOnTerminal('config check', {
      cwd: at.folder,
      rows: 10,
      env: { PAGER: command },
    })

    expect(code).toBe(9)
    expect(noted()).toContain('services.s29.adapter')
  })
})

it('never pages in a pipe', async () => {
  const at = await project()
  const { command, noted } = fakePager(at, 'cat > noted')

  const { code, out } = await at.run('explain', { env: { PAGER: command, LINES: '5' } })

  expect({ code, noted: noted() }).toEqual({ code: 0, noted: '' })
  expect(out).toContain('state_busy')
})
