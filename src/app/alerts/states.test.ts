/** What becomes of an alert: it fires, is told, is over; with rules that find what the test wants. */
import { expect, it } from 'vitest'
import { endSilence, addSilence } from '../../store/silences.ts'
import { countPending } from '../../store/alert-deliveries.ts'
import { getChannel, listChannels } from '../../store/alert-channels.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { Severity } from '../../store/schema-daemon.ts'
import { alertSettings, factsWith } from '../../testing/alert-facts.ts'
import { createTestClock } from '../../testing/clock.ts'
import { memoryState } from '../../testing/state.ts'
import { tellWith } from './deliver.ts'
import type { AlertSettings } from './facts.ts'
import { judgeFacts } from './judge.ts'
import type { Rule } from './rules/rule.ts'
import type { Post } from './send.ts'

const minute = 60_000

type Wrong = { subject: string; severity?: Severity; detail?: string; count?: number }

/** A rule that finds whatever it is told to. */
async function setUp(settings: Partial<AlertSettings> = {}) {
  const db = await memoryState()
  const clock = createTestClock()
  let found: { subject: string; severity: Severity; detail: string; count?: number }[] = []
  let isBroken = false
  const rule: Rule = {
    id: 'trial',
    title: 'Trial',
    severity: 'medium',
    when: () => 'the test says so',
    find() {
      if (isBroken) throw new Error('broken')
      return found.map((each) => ({ ...each, title: `${each.subject} is wrong`, todo: 'Mend it.' }))
    },
  }
  const posts: Record<string, Post[]> = { a: [], b: [] }
  const down = new Set<string>()
  const tell = async (channel: string) =>
    tellWith(db, channel, {
      clock,
      signal: new AbortController().signal,
      digestOver: 5,
      from: 'one',
      async post(message) {
        if (down.has(channel)) throw new Error(`${channel} is down`)
        posts[channel]?.push(message)
      },
    })
  let chosen = alertSettings({ channels: ['a'], ...settings })
  return {
    db,
    clock,
    posts,
    down,
    tell,
    titles: (channel = 'a') => posts[channel]?.map(({ title }) => title),
    breakRule: () => void (isBroken = true),
    set: (more: Partial<AlertSettings>) => void (chosen = { ...chosen, ...more }),
    silence: (about: { rule?: string; subject?: string }, forMs: number) =>
      addSilence(db, {
        rule: about.rule ?? null,
        subject: about.subject ?? null,
        reason: 'x',
        setBy: 'tester',
        until: new Date(clock.now().getTime() + forMs),
        now: clock.now(),
      }),
    /** One pass: judged, then told. */
    async pass(...wrong: (string | Wrong)[]) {
      found = wrong.map((each) => ({
        severity: 'medium',
        detail: 'It is.',
        ...(typeof each === 'string' ? { subject: each } : each),
      }))
      const facts = factsWith({ now: clock.now(), settings: chosen })
      await judgeFacts(db, facts, { asked: [rule] })
      for (const channel of chosen.channels) await tell(channel)
    },
  }
}

it('what is wrong is told once, and that it is over once', async () => {
  const { pass, titles, db, clock, posts } = await setUp()

  await pass('haier')
  await pass('haier')
  await clock.advance(60 * minute)
  await pass('haier')
  await pass()
  await pass()

  expect(titles()).toEqual(['haier is wrong', 'Resolved: haier is wrong'])
  expect(posts.a).toMatchObject([{ level: 'warning' }, { level: 'info' }])
  expect(posts.a?.[0]?.text).toContain('What to do: Mend it.')
  expect(await listAlerts(db)).toMatchObject([
    { status: 'resolved', resolvedAt: '2026-03-01T01:00:00.000Z', notice: null },
  ])
})

it('what comes and goes is told again after the cooldown, and not before', async () => {
  const { pass, titles, clock, db } = await setUp({ cooldown: 15 * minute })

  await pass('haier')
  await pass()
  await clock.advance(minute)
  await pass('haier')
  await pass()
  await clock.advance(14 * minute - 1)
  await pass('haier')
  const before = titles()
  await clock.advance(1)
  await pass('haier')

  expect(before).toEqual(['haier is wrong', 'Resolved: haier is wrong'])
  expect(titles()).toEqual([...before!, 'haier is wrong'])
  expect(await listAlerts(db)).toHaveLength(3) // each is recorded
})

it('severities become the levels of the kind, and what changes is shown without being told again', async () => {
  const { pass, posts, db, clock } = await setUp()

  await pass({ subject: 'x', severity: 'low' }, { subject: 'y', severity: 'high' })
  await clock.advance(60 * minute)
  await pass({ subject: 'x', severity: 'low', detail: 'Other.' }, 'y')

  expect(posts.a?.map(({ level }) => level)).toEqual(['info', 'critical'])
  expect(await listAlerts(db)).toMatchObject([
    { subject: 'y', severity: 'medium' },
    { subject: 'x', severity: 'low', detail: 'Other.' },
  ])
})

it('what gets worse is told again after the cooldown, once, and that it is over once', async () => {
  const { pass, posts, titles, clock, db } = await setUp({ cooldown: 15 * minute })
  const worse = { subject: 'x', severity: 'high', detail: 'Worse.' } as const

  await pass('x')
  await clock.advance(minute)
  await pass(worse)
  const within = titles()
  await clock.advance(14 * minute)
  await pass(worse)
  await clock.advance(60 * minute)
  await pass(worse)
  await pass()

  expect(within).toEqual(['x is wrong'])
  expect(titles()).toEqual(['x is wrong', 'x is wrong', 'Resolved: x is wrong'])
  expect(posts.a?.map(({ level }) => level)).toEqual(['warning', 'critical', 'info'])
  expect(await listAlerts(db)).toHaveLength(1)
})

it('of what piles up each growth is told again after the cooldown, and no shrinking', async () => {
  const { pass, posts, clock } = await setUp({ cooldown: 15 * minute })
  const told: number[] = []

  for (const count of [2, 2, 5, 3, 3, 4]) {
    await pass({ subject: 'dead', count })
    told.push(posts.a?.length ?? 0)
    await clock.advance(15 * minute)
  }

  expect(told).toEqual([1, 1, 2, 2, 2, 3])
})

it('a silenced alert is recorded, and told when the silence ends and it still fires', async () => {
  const { pass, titles, silence, clock, db } = await setUp()
  await silence({ subject: 'haier' }, 60 * minute)

  await pass('haier', 'other')
  const during = await listAlerts(db, { subject: 'haier' })
  await clock.advance(60 * minute - 1)
  await pass('haier', 'other')
  const before = titles()
  await clock.advance(1)
  await pass('haier', 'other')

  expect(during).toMatchObject([{ status: 'firing', announcedAt: null }])
  expect(during[0]?.silencedBy).not.toBeNull()
  expect(before).toEqual(['other is wrong'])
  expect(titles()).toEqual(['other is wrong', 'haier is wrong'])
})

it('a silence fits by rule, by subject or by both; one that was lifted holds nothing back', async () => {
  const { pass, titles, silence, clock, db } = await setUp()
  await silence({ rule: 'other', subject: 'x' }, minute)
  const all = await silence({ rule: 'trial' }, minute)

  await pass('x', 'y')
  await endSilence(db, all.id, clock.now())
  await pass('x')

  expect(titles()).toEqual(['x is wrong']) // y was over before anybody could be told
})

it('that an alert is over is not told to whom its firing was not, and held back by a silence too', async () => {
  const { pass, titles, silence, clock } = await setUp()

  await pass('told')
  await silence({ rule: 'trial' }, minute)
  await pass('silenced')
  const during = titles()
  await clock.advance(minute)
  await pass()

  expect(during).toEqual(['told is wrong'])
  expect(titles()).toEqual(['told is wrong', 'Resolved: told is wrong'])
})

it('many at once are one message, and so are many that end', async () => {
  const { pass, posts } = await setUp()
  const six = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']

  await pass(...six.slice(0, 5))
  await pass()
  expect(posts.a).toHaveLength(10)
  await pass(...six.map((name) => ({ subject: `${name} again`, severity: 'high' as const })))
  await pass('last')

  expect(posts.a?.[10]).toMatchObject({ title: '6 alerts: 6 firing', level: 'critical' })
  expect(posts.a?.[10]?.text).toContain('a3 again is wrong\n  Mend it.')
  expect(posts.a?.[11]).toMatchObject({
    title: '7 alerts: 1 firing, 6 resolved',
    level: 'warning',
  })
})

it('a channel that fails holds up no other, is tried at growing intervals, and tells all of it later', async () => {
  const { pass, titles, down, clock, db, tell } = await setUp({ channels: ['a', 'b'] })
  down.add('a')

  await pass('x')
  await pass('x')
  const first = await getChannel(db, 'a')
  await clock.advance(15_000)
  await tell('a')
  const second = await getChannel(db, 'a')
  await pass('y')
  down.delete('a')
  await clock.advance(30_000)
  await pass('y')

  expect(first).toMatchObject({ failures: 1, error: 'a is down', deliveredAt: null })
  expect(second).toMatchObject({ failures: 2, failingSince: first?.failingSince })
  expect(titles('b')).toEqual(['x is wrong', 'Resolved: x is wrong', 'y is wrong'])
  // It says at once that it fired and that it is over.
  expect(titles('a')).toEqual(['Resolved: x is wrong', 'y is wrong'])
  expect(await getChannel(db, 'a')).toMatchObject({ failures: 0, failingSince: null, error: null })
  expect(await countPending(db)).toEqual(new Map())
})

it('several tellings of one thing that a channel could not deliver become one', async () => {
  const { pass, posts, down, clock } = await setUp({ cooldown: minute })
  down.add('a')

  for (let round = 0; round < 3; round++) {
    await pass('x')
    await pass()
    await clock.advance(10 * minute)
  }
  down.delete('a')
  await pass('x')

  expect(posts.a).toHaveLength(1)
  expect(posts.a?.[0]?.title).toBe('x is wrong')
  expect(posts.a?.[0]?.text).toContain('Fired 4 times, first at 2026-03-01 00:00 UTC.')
})

it('no channel is told of itself; the others are', async () => {
  const { pass, titles, db } = await setUp({ channels: ['a', 'b'] })

  await pass('a', 'other')

  expect(titles('a')).toEqual(['other is wrong'])
  expect(titles('b')).toEqual(['a is wrong', 'other is wrong'])
  expect(await countPending(db)).toEqual(new Map())
})

it('without a channel all is recorded; one that comes later tells what still fires, and nothing old', async () => {
  const { pass, titles, set, db } = await setUp({ channels: [] })

  await pass('old')
  await pass('still')
  set({ channels: ['a'] })
  await pass('still')

  expect(titles()).toEqual(['still is wrong'])
  expect(await listAlerts(db)).toHaveLength(2)
})

it('a channel that the config no longer names is forgotten, with what it had to tell', async () => {
  const { pass, down, set, db } = await setUp({ channels: ['a', 'b'] })
  down.add('b')

  await pass('x')
  const known = (await listChannels(db)).map(({ service }) => service)
  set({ channels: ['a'] })
  await pass('x')

  expect(known).toEqual(['a', 'b'])
  expect((await listChannels(db)).map(({ service }) => service)).toEqual(['a'])
  expect(await countPending(db)).toEqual(new Map())
})

it('a rule that nobody wants ends without a word; one that fails changes nothing', async () => {
  const { pass, titles, set, breakRule, db } = await setUp()
  await pass('x')

  breakRule()
  await pass()
  const failed = await listAlerts(db, { status: 'firing' })
  set({ off: ['trial'] })
  await pass()

  expect(failed).toHaveLength(1)
  expect(await listAlerts(db, { status: 'firing' })).toEqual([])
  expect(titles()).toEqual(['x is wrong'])
})

it('what ends while the message about it is under way is told afterwards', async () => {
  const { titles, db, clock, posts } = await setUp()
  const settings = alertSettings({ channels: ['a'] })
  const rule = (subjects: string[]): Rule => ({
    id: 'trial',
    title: 'Trial',
    severity: 'medium',
    when: () => '',
    find: () =>
      subjects.map((subject) => ({ subject, title: `${subject} is wrong`, detail: '', todo: '' })),
  })
  const judgeWith = (...subjects: string[]) =>
    judgeFacts(db, factsWith({ now: clock.now(), settings }), { asked: [rule(subjects)] })
  await judgeWith('x')

  await tellWith(db, 'a', {
    clock,
    signal: new AbortController().signal,
    digestOver: 5,
    from: 'one',
    async post(message) {
      posts.a?.push(message)
      await judgeWith()
    },
  })
  expect(await countPending(db)).toEqual(new Map([['a', 1]]))
  await tellWith(db, 'a', {
    clock,
    signal: new AbortController().signal,
    digestOver: 5,
    from: 'one',
    post: async (message) => void posts.a?.push(message),
  })

  expect(titles()).toEqual(['x is wrong', 'Resolved: x is wrong'])
})
