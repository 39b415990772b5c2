/** Hundreds of webhooks a second while the daemon is busy and is killed: none lost, each handled once. */
import { expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { rowsIn, scheduleMissed, startDaemon, until } from '../testing/daemon.ts'
import { hookLoad } from '../testing/hook-load.ts'
import { haierProject, type Project } from '../testing/program.ts'
import { printedSeed, randomFrom } from '../testing/random.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const [seconds, kills] = isLong ? [20, 5] : [3, 1]

it(
  `loses no webhook of ${seconds} s at 300 a second when it is killed in between`,
  { timeout: isLong ? 180_000 : 60_000 },
  async () => {
    const random = randomFrom(printedSeed())
    const home = await haierProject({ products: isLong ? 6000 : 300 })
    scheduleMissed(home, 'haier-products', '{ prices: true, stock: true }')
    home.write('integrations.yaml', `${home.read('integrations.yaml')}\nlisten: 127.0.0.1:0\n`)
    let daemon = await startDaemon(home)
    await until(() => addressIn(home) !== null)
    let address = addressIn(home) ?? undefined
    const load = hookLoad(() => address)

    const sending = load.run({ perSecond: 300, seconds })
    for (let kill = 0; kill < kills; kill++) {
      await systemClock.sleep(((0.3 + random() * 0.5) * seconds * 1000) / kills)
      await daemon.stop('SIGKILL')
      address = undefined
      daemon = await startDaemon(home)
      await until(() => addressIn(home) !== null)
      address = addressIn(home) ?? undefined
    }
    await sending
    await load.repeat(50)
    await load.finish()
    await until(() => count(home, "select * from hook_events where status = 'received'") === 0)
    const { code } = await daemon.stop()

    const sent = seconds * 300
    expect(load.sent()).toBe(sent)
    expect(load.refused()).toBeGreaterThan(0)
    const handled = "select * from hook_events where status = 'handled' and tries = 1"
    expect(count(home, 'select * from hook_events')).toBe(sent)
    expect(count(home, handled)).toBe(sent)
    expect(count(home, 'select * from order_states where succeeded = 1')).toBe(sent)
    expect(count(home, 'select * from hook_events where repeats > 0')).toBeGreaterThanOrEqual(50)
    expect(code).toBe(143)
  },
)

/** Of the daemon that began last. */
const addressIn = (home: Project): string | null =>
  rowsIn<{ listens_at: string | null }>(
    home,
    'select listens_at from daemons order by started_at desc, id desc limit 1',
  )[0]?.listens_at ?? null

const count = (home: Project, query: string): number =>
  rowsIn<{ n: number }>(home, `select count(*) as n from (${query})`)[0]?.n ?? 0
