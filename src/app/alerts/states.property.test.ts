/**
 * Alerts that come and go at random, with silences, channels that fail, and the process killed between any two steps:
 * whatever is announced reaches every channel, once.
 */
import { expect, it } from 'vitest'
import type { Message } from './compose.ts'
import { addSilence, listSilences, silenceOf } from '../../store/silences.ts'
import { countPending } from '../../store/alert-deliveries.ts'
import { listAlerts, listHeldBack, type StoredAlert } from '../../store/alerts.ts'
import { alertSettings, factsWith } from '../../testing/alert-facts.ts'
import { createTestClock } from '../../testing/clock.ts'
import { memoryState } from '../../testing/state.ts'
import { tellWith } from './deliver.ts'
import { judgeFacts } from './judge.ts'
import type { Rule } from './rules/rule.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)
const histories = process.env.CARAVAN_FAULTS === 'long' ? 200 : 8
const steps = 60
const minute = 60_000
const cooldown = 15 * minute
const channels = ['a', 'b']
const subjects = ['x', 'y', 'z', 'b']

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, the numbers of Numerical Recipes. */
function drawsFrom(start: number) {
  let state = start >>> 0
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  return {
    below: (most: number) => Math.floor(next() * most),
    chance: (share: number) => next() < share,
  }
}

async function live(start: number) {
  const draw = drawsFrom(start)
  const db = await memoryState()
  const clock = createTestClock()
  const settings = alertSettings({ channels, cooldown, digest_over: 2 + draw.below(4) })
  const wrong = new Set<string>()
  const down = new Set<string>()
  const rule: Rule = {
    id: 'trial',
    title: 'Trial',
    severity: 'high',
    when: () => '',
    find: () =>
      [...wrong].map((subject) => ({
        subject,
        title: `${subject}!`,
        detail: 'It is.',
        todo: 'x.',
      })),
  }
  /** As the call path keeps them: what was posted under a key is not posted again. */
  const posted: Record<string, Map<string, { title: string; atMs: number }>> = {
    a: new Map(),
    b: new Map(),
  }
  let crashes = 0
  /** What was held back at least once, and so may end without having been told. */
  const excused = new Set<string>()
  const unexcused: string[] = []

  async function judge(): Promise<void> {
    await judgeFacts(db, factsWith({ now: clock.now(), settings }), { asked: [rule] })
    const silences = await listSilences(db, clock.now())
    const rows = await listAlerts(db, { limit: 1000 })
    for (const row of await listHeldBack(db)) {
      const isTooSoon = rows.some((one) => one.subject === row.subject && isRecent(one))
      if (silenceOf(silences, row) === undefined && !isTooSoon) unexcused.push(describe(row))
      excused.add(row.id)
    }
  }
  const isRecent = ({ announcedAt, toldAt }: StoredAlert) =>
    [announcedAt, toldAt].some(
      (at) => at !== null && clock.now().getTime() - Date.parse(at) < cooldown,
    )

  async function tell(channel: string, isKilled: 'before' | 'after' | null): Promise<void> {
    const killed = new AbortController()
    await tellWith(db, channel, {
      clock,
      signal: killed.signal,
      digestOver: settings.digest_over,
      from: 'one',
      async post({ key, title }: Omit<Message, 'tells'>) {
        if (isKilled === 'before') killed.abort()
        if (killed.signal.aborted) throw new Error('killed')
        if (down.has(channel)) throw new Error('down')
        const known = posted[channel]
        if (key && known && !known.has(key)) known.set(key, { title, atMs: clock.now().getTime() })
        if (isKilled === 'after') killed.abort() // before it is marked
      },
    })
    if (isKilled) crashes += 1
  }

  for (let step = 0; step < steps; step++) {
    await clock.advance(draw.below(6 * minute))
    for (const subject of subjects) {
      if (!draw.chance(0.25)) continue
      if (wrong.has(subject)) wrong.delete(subject)
      else wrong.add(subject)
    }
    for (const channel of channels) {
      if (!draw.chance(0.15)) continue
      if (down.has(channel)) down.delete(channel)
      else down.add(channel)
    }
    if (draw.chance(0.08)) {
      const subject = subjects[draw.below(subjects.length)] ?? null
      const until = new Date(clock.now().getTime() + draw.below(40 * minute))
      const silence = { rule: null, subject, reason: 'x', setBy: 'tester' }
      await addSilence(db, { ...silence, until, now: clock.now() })
    }
    await judge()
    for (const channel of channels) {
      await tell(channel, draw.chance(0.1) ? (draw.chance(0.5) ? 'before' : 'after') : null)
    }
  }

  // Everything works again, and nothing is silenced any more.
  down.clear()
  for (let round = 0; round < 20; round++) {
    await clock.advance(6 * minute)
    await judge()
    for (const channel of channels) await tell(channel, null)
  }
  return { db, posted, crashes, excused, unexcused, wrong }
}

const describe = ({ id, subject, status }: StoredAlert) => `${id} about ${subject}, ${status}`

it.each(Array.from({ length: histories }, (_, at) => seed + at))(
  'history %i: none lost, none told twice, none too soon',
  async (start) => {
    const { db, posted, excused, unexcused, wrong, crashes } = await live(start)
    const rows = await listAlerts(db, { limit: 1000 })

    expect(rows.length).toBeGreaterThan(5)
    expect(await countPending(db)).toEqual(new Map())
    expect(await listHeldBack(db)).toEqual([])
    // What is wrong fires, and nothing else; each of it was told.
    const firing = rows.filter(({ status }) => status === 'firing')
    expect(new Set(firing.map(({ subject }) => subject))).toEqual(wrong)
    expect(unexcused).toEqual([])
    const untold = rows.filter(({ id, announcedAt, toldAt }) =>
      announcedAt === null ? !excused.has(id) : toldAt === null,
    )
    expect(untold.map(describe)).toEqual([])
    for (const subject of subjects) {
      const announced = rows
        .filter((row) => row.subject === subject && row.announcedAt !== null)
        .map((row) => Date.parse(row.announcedAt ?? ''))
        .toSorted((one, other) => one - other)
      const gaps = announced.slice(1).map((ms, at) => ms - (announced[at] ?? 0))
      expect(gaps.filter((gap) => gap < cooldown)).toEqual([])
    }
    // A channel is never told of itself, and a piece of news is one message, unless a crash came between.
    const titles = [...(posted.b?.values() ?? [])].map(({ title }) => title)
    expect(titles.filter((title) => /^(Resolved: )?b!$/.test(title))).toEqual([])
    for (const messages of Object.values(posted)) {
      const told = [...messages.keys()].flatMap(
        (key) => /^alert-(\w{26}-(?:fired|resolved))-/.exec(key)?.[1] ?? [],
      )
      expect(told.length - new Set(told).size).toBeLessThanOrEqual(crashes)
    }
  },
)
