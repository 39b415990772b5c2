import { expect, it } from 'vitest'
import { type BreakerState, closedBreaker } from '../calls/breaker-state.ts'
import { changeBreaker } from '../store/breakers.ts'
import { insertAttempts, insertCalls } from '../store/calls.ts'
import { insertHealthCheck } from '../store/health-checks.ts'
import { withAppIn } from '../testing/app.ts'
import { attemptOf, callRow } from '../testing/call-rows.ts'
import { haierProject } from '../testing/program.ts'
import type { App } from './app.ts'
import { metricsText } from './prometheus.ts'
import { clean } from './retention.ts'

type Parsed = Map<string, { type: string; samples: Map<string, number> }>

const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"`
const sampleLine = new RegExp(
  String.raw`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{${label}(?:,${label})*\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$`,
)

/** Takes nothing but what the exposition format allows, and each family once: HELP, TYPE, then its samples. */
function parseStrictly(text: string): Parsed {
  const families: Parsed = new Map()
  expect(text.endsWith('\n')).toBe(true)
  let current: { name: string; type?: string } | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_]+) (?:[^\\]|\\\\|\\n)+$/.exec(line)
    if (help) {
      current = { name: help[1] ?? '' }
      if (families.has(current.name)) throw new Error(`twice: ${line}`)
      continue
    }
    const type = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line)
    if (type) {
      if (type[1] !== current?.name) throw new Error(`no HELP before: ${line}`)
      families.set(current?.name ?? '', { type: type[2] ?? '', samples: new Map() })
      continue
    }
    const [, name = '', labels = '', value = ''] = sampleLine.exec(line) ?? []
    const family = families.get(name)
    if (!family || name !== current?.name) throw new Error(`not a sample of its family: ${line}`)
    if (family.samples.has(labels)) throw new Error(`twice: ${line}`)
    family.samples.set(labels, Number(value))
  }
  return families
}

const read = async (app: App): Promise<Parsed> => parseStrictly(await metricsText(app))

it('everything it says follows the format, and a counter is named as one', async () => {
  const { folder } = await haierProject()

  const families = await withAppIn(folder, read)

  for (const [name, { type, samples }] of families) {
    expect(name).toMatch(/^caravan_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    for (const value of samples.values()) expect(value).toBeGreaterThanOrEqual(0)
  }
  const get = (name: string) => families.get(name)?.samples
  expect(get('caravan_daemon_up')?.get('')).toBe(0)
  expect(get('caravan_checks_total')?.get('{service="haier",outcome="done"}')).toBe(1)
  expect(get('caravan_breaker_state')?.get('{service="haier",state="closed"}')).toBe(1)
  expect(get('caravan_state_bytes')?.get('{file="state"}')).toBeGreaterThan(0)
})

const countersOf = (families: Parsed) => [...families].filter(([, { type }]) => type === 'counter')

it('counters go on where they were when retention has removed all of it and the program starts anew', async () => {
  const { folder } = await haierProject()
  const initial = closedBreaker({ failures: 1, openForMs: 1000 })
  const at = new Date('2026-01-01T00:00:00.000Z')
  const lately = new Date()
  await withAppIn(folder, async (app) => {
    const { db } = await app.log()
    const calls = [1, 2, 3].map((n) => callRow(n, { outcome: n === 3 ? 'failed' : 'done' }))
    await insertCalls(db, calls)
    await insertAttempts(
      db,
      calls.map(({ id }) => attemptOf(id, 1)),
    )
    const { db: state } = await app.state()
    for (const status of ['open', 'closed', 'open', 'half_open', 'open'] as const) {
      const turn = (former: BreakerState): BreakerState => ({ ...former, status })
      await changeBreaker(state, 'haier', initial, turn, at)
    }
    await insertHealthCheck(state, {
      service: 'haier',
      at: lately.toISOString(),
      isOk: false,
      durationMs: 3,
      message: 'down',
      errorKind: 'unavailable',
      callId: null,
    })
  })
  const before = await withAppIn(folder, read)

  await withAppIn(folder, async (app) => {
    await clean(app)
  })
  const after = await withAppIn(folder, read)

  expect(countersOf(after)).toEqual(countersOf(before))
  const total = (name: string, labels: string) => after.get(`caravan_${name}`)?.samples.get(labels)
  expect(total('calls_total', '{service="haier",outcome="done"}')).toBe(2)
  expect(total('calls_total', '{service="haier",outcome="failed"}')).toBe(1)
  expect(total('requests_total', '{service="haier"}')).toBe(3)
  expect(total('request_duration_seconds_total', '{service="haier"}')).toBe(0.012)
  expect(total('breaker_trips_total', '{service="haier"}')).toBe(2)
  expect(total('health_check_passed', '{service="haier"}')).toBe(0)
  expect(total('health_check_timestamp_seconds', '{service="haier"}')).toBe(lately.getTime() / 1000)
})

it('a name that would break a line is written so that it does not', async () => {
  const { folder } = await haierProject()
  const odd = 'a"b\\c\nd'

  const families = await withAppIn(folder, async (app) => {
    await insertCalls((await app.log()).db, [callRow(1, { service: odd })])
    return read(app)
  })

  const labels = [...(families.get('caravan_calls_total')?.samples.keys() ?? [])]
  expect(labels).toContain(String.raw`{service="a\"b\\c\nd",outcome="done"}`)
})
