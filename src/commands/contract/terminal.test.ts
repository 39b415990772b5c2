/** The output contract on a terminal of 80 columns: nothing is torn, nothing is asked under CI, no colour where unwanted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leafCommands } from '../../testing/contract/commands.ts'
import { type Prepared, prepareHome } from '../../testing/contract/home.ts'
import {
  consentCommands,
  fillIn,
  homeFor,
  recipes,
  wordsOf,
} from '../../testing/contract/recipes.ts'
import { runThere } from '../../testing/contract/run.ts'
import { coloursIn, plain, whyNoTerminal, widerThan } from '../../testing/terminal.ts'

const why = whyNoTerminal()
if (why) console.warn(`not tested on a terminal: ${why}`)

const commands = leafCommands()
let prepared: Prepared

type Place = [name: string, env: Record<string, string | undefined>]

const bare = { CI: '1', LANG: undefined, LC_ALL: 'C' }
const apart: Place[] = [
  ['a terminal with CI=1 and no locale', bare],
  ['a terminal with NO_COLOR=1', { NO_COLOR: '1' }],
]
const together: Place[] = [
  ['a terminal with CI=1, NO_COLOR=1 and no locale', { ...bare, NO_COLOR: '1' }],
]

/** Each place starts every command once, which is what takes the time: the short form puts two of them together. */
const places: Place[] = [
  ['a terminal', {}],
  ...(process.env.CARAVAN_FAULTS === 'long' ? apart : together),
]

describe.skipIf(why)('on a terminal', () => {
  beforeAll(async () => {
    prepared = await prepareHome()
  })
  afterAll(() => prepared?.close())

  for (const [place, env] of places) {
    it.concurrent.for(commands)(`$words on ${place}`, async ({ words }) => {
      const { exit = 0, shows = '', stopAt, isData } = recipes[words] ?? {}
      const home = await homeFor(words, prepared)

      const { code, screen } = await runThere(wordsOf(words, prepared), home, { env, stopAt })

      expect({ code, screen }).toMatchObject({ code: exit })
      expect(isData ? [] : widerThan(80, screen)).toEqual([])
      expect(plain(screen).replaceAll(/\s/g, '')).toContain(shows)
      expect(screen).not.toContain('\ufffd')
      expect(env.CI ? drawingsIn(screen) : []).toEqual([])
      expect(env.NO_COLOR ? coloursIn(screen) : []).toEqual([])
    })
  }

  const leftOut = Object.values(recipes).flatMap((recipe) => recipe.leftOut ?? [])

  it.concurrent.for(leftOut)(
    '%s asks nobody on a terminal with CI=1, and is exit %i naming %s',
    async ([words, exit, names]) => {
      const line = fillIn(words, prepared).split(' ')

      const { code, screen } = await runThere(line, prepared.copy(), { env: { CI: '1' } })

      expect({ code, screen }).toMatchObject({ code: exit })
      expect(plain(screen)).toContain(names)
      expect(widerThan(80, screen)).toEqual([])
    },
  )

  it.concurrent.for(consentCommands())(
    '%s without --yes asks nobody with --no-input, and is exit 7',
    async (words) => {
      const line = wordsOf(words, prepared).filter((word) => word !== '--yes')
      const home = await homeFor(words, prepared)

      const { code, screen } = await runThere(['--no-input', ...line], home)

      expect({ code, screen }).toMatchObject({ code: 7 })
      expect(plain(screen)).toContain('--yes')
      expect(widerThan(80, screen)).toEqual([])
    },
  )
})

/** Cursor movements and bars. */
const drawingsIn = (screen: string): string[] =>
  // oxlint-disable-next-line no-control-regex
  screen.match(/\u001b\[[\d;?]*[A-HJKSTfhlnsu]|[█░]/g) ?? []
