import { describe, expect, it } from 'vitest'
import { emptyProject, project } from './program.ts'
import {
  coloursIn,
  drawnLines,
  keys,
  plain,
  runOnTerminal,
  startOnTerminal,
  whyNoTerminal,
} from './terminal.ts'

const why = whyNoTerminal()
if (why) console.warn(`not tested on a terminal: ${why}`)

describe.skipIf(why)('on a terminal', () => {
  it('the program sees a terminal, and its exit code comes out', async () => {
    const { folder } = await project()

    const [done, wrong] = await Promise.all([
      runOnTerminal('config check', { cwd: folder }),
      runOnTerminal('show nobody', { cwd: folder, columns: 60 }),
    ])

    expect(done.code).toBe(0)
    expect(plain(done.screen)).toContain('no faults')
    expect(wrong.code).toBe(10)
    expect(coloursIn(wrong.screen)).not.toEqual([])
    expect(drawnLines(wrong.screen)[0]).toContain('✗')
  })

  it('what is typed reaches a question', async () => {
    const { folder } = await project()
    const started = startOnTerminal('secret set a', { cwd: folder })

    await started.prints('Value of a')
    started.type(`s3cret${keys.enter}`)

    expect(await started.ended).toMatchObject({ code: 0 })
    expect(plain(started.soFar())).toContain('Stored a')
    expect(started.soFar()).not.toContain('s3cret')
  })

  it('a signal reaches the program itself', async () => {
    const { folder } = emptyProject()
    const started = startOnTerminal('sandbox haier --products 5 --port 0', { cwd: folder })

    await started.prints('Ctrl-C')
    started.kill('SIGTERM')

    expect(await started.ended).toMatchObject({ code: 143 })
  })
})
