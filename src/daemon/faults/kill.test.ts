/** Fault test 1: kill -9 at random during imports of the real daemon. */
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { importProject } from '../../testing/daemon-import.ts'
import { rowsIn, startDaemon, until } from '../../testing/daemon.ts'
import { printedSeed, randomFrom } from '../../testing/random.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const [kills, products] = isLong ? [50, 12_000] : [6, 1500]

it(
  `an import that is killed ${kills} times is done once, with nothing lost or half done`,
  { timeout: isLong ? 600_000 : 60_000 },
  async () => {
    const random = randomFrom(printedSeed())
    const home = await importProject({ products, latencyMs: 60 })
    const { secrets, stored } = home
    const isOver = () => home.status() === 'success'
    const broken: string[][] = []
    let printed = ''
    let met = 0

    for (let kill = 0; kill < kills && !isOver(); kill++) {
      const daemon = await startDaemon(home)
      const before = stored()
      // A process that never gets to save anything would have the job paused, which is another test.
      await until(() => isOver() || stored() > before)
      await systemClock.sleep(50 + random() * 450)
      const { err } = await daemon.stop('SIGKILL')
      if (!isOver()) met++
      printed += err
      // Its run is still called running: nobody has come to look yet.
      broken.push(
        brokenInvariants(home, { isFirstImport: true, secrets, printed }).filter(
          (one) => !one.includes('is gone'),
        ),
      )
    }
    home.twin.faults.clear()
    const last = await startDaemon(home)
    await until(isOver)
    const { err } = await last.stop()
    printed += err

    process.stdout.write(`${JSON.stringify({ kills: met, stored: stored() })}\n`)
    expect(broken.flat()).toEqual([])
    expect(brokenInvariants(home, { isFirstImport: true, secrets, printed })).toEqual([])
    expect(met).toBeGreaterThanOrEqual(Math.floor(kills / 3))
    expect(stored()).toBe(products)
    expect(rowsIn(home, 'select count(*) as count from occurrences')).toEqual([{ count: 1 }])
    const runs = rowsIn<{ status: string }>(home, 'select status from runs order by id')
    expect(runs.map(({ status }) => status)).toEqual([
      ...runs.slice(1).map(() => 'interrupted'),
      'success',
    ])
  },
)
