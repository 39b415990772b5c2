import { expect, it } from 'vitest'
import { factsWith, job, service } from '../../../testing/alert-facts.ts'
import type { Facts } from '../facts.ts'
import { rules } from './index.ts'

const min = 60_000
const day = 86_400_000
const now = factsWith().now.getTime()
const ago = (ms: number): string => new Date(now - ms).toISOString()
const ahead = (ms: number): string => ago(-ms)

const rate = (calls: number, failed: number) => ({
  calls,
  failed,
  requests: calls,
  requestMs: calls,
})
const slow = (requests: number, meanMs: number) => ({
  calls: requests,
  failed: 0,
  requests,
  requestMs: requests * meanMs,
})
const call = (outcome: string) => ({
  seq: 1,
  id: '01CALL',
  service: 'haier',
  operation: 'getStock',
  outcome,
  errorKind: outcome === 'done' ? null : 'timeout',
  errorCode: null,
  startedAt: ago(min),
  durationMs: 10,
  attempts: 1,
})
const calls = (...outcomes: string[]) =>
  factsWith({ services: [service({ lastCalls: outcomes.map(call), failureLimit: 3 })] })
const rated = (how: ReturnType<typeof rate>) => factsWith({ services: [service({ rate: how })] })
const breaker = (word: 'closed' | 'open' | 'half-open' | 'held', trippedBy: string | null = null) =>
  factsWith({ services: [service({ breaker: { word, trippedBy, failures: 5 } })] })
const checks = (...oks: boolean[]) =>
  factsWith({
    services: [service({ checks: oks.map((ok) => ({ ok, at: ago(min), errorKind: 'timeout' })) })],
  })
const run = (status: 'success' | 'partial' | 'failed' | 'guarded') => ({
  id: '01RUN',
  status,
  startedAt: ago(min),
  error: null,
})
const ends = (alertAfter: number, ...statuses: Parameters<typeof run>[0][]) =>
  factsWith({ jobs: [job({ alertAfter, ends: statuses.slice(0, alertAfter).map(run) })] })
const daemon = (more: Partial<Facts['daemons'][number]>) => ({
  id: '01D',
  host: 'one',
  startedAt: ago(day),
  tickedAt: ago(0),
  configError: null,
  listenError: null,
  ...more,
})
const due = (nextDueAt: string | null, tickedAt: string | null) =>
  factsWith({ jobs: [job({ nextDueAt })], daemons: [daemon({ tickedAt })] })
const ticked = (tickedAt: string | null, startedAt = ago(day)) =>
  factsWith({ jobs: [job({})], daemons: [daemon({ tickedAt, startedAt })] })
const secret = (at: string) =>
  factsWith({ expiries: [{ what: 'secret', name: 'haier.token', at, users: ['haier'] }] })
const mb = 1000 ** 2
const channel = (failures: number) =>
  factsWith({
    channels: [
      {
        service: 'ops',
        deliveredAt: null,
        failingSince: failures ? ago(min) : null,
        failures,
        nextAt: null,
        error: 'x',
      },
    ],
  })

it('config_invalid tells the first fault of a file that counts them in its first line', () => {
  const configError =
    '/etc/integrations.yaml has 2 faults:\nintegrations.yaml:3:1  nonsense: unknown key\n  A hint.'

  const [found] = rules
    .filter(({ id }) => id === 'config_invalid')
    .flatMap(({ find }) => find(factsWith({ daemons: [daemon({ configError })] })))

  expect(found?.detail).toBe(
    'The one before it is. /etc/integrations.yaml has 2 faults: integrations.yaml:3:1 nonsense: unknown key',
  )
})

/** Rule, what is looked at, and what fires by it: subjects with their severities. */
const cases: [rule: string, what: string, facts: Facts, fires: string[]][] = [
  ['success_rate', '10 calls, 2 failed', rated(rate(10, 2)), ['haier high']],
  ['success_rate', '10 calls, 1 failed: exactly the limit', rated(rate(10, 1)), []],
  ['success_rate', '1000 calls, 101 failed', rated(rate(1000, 101)), ['haier high']],
  ['success_rate', '9 calls, all failed', rated(rate(9, 9)), []],
  ['success_rate', 'no calls', rated(rate(0, 0)), []],
  ['response_time', '5001 ms', rated(slow(10, 5001)), ['haier medium']],
  ['response_time', '5000 ms', rated(slow(10, 5000)), []],
  ['response_time', '9 slow calls', rated(slow(9, 9000)), []],
  [
    'response_time',
    'no request was made',
    rated({ ...rate(20, 20), requests: 0, requestMs: 0 }),
    [],
  ],
  ['failures_in_a_row', 'all 3', calls('failed', 'unknown', 'failed'), ['haier high']],
  ['failures_in_a_row', '2 of 3', calls('failed', 'failed', 'done'), []],
  ['failures_in_a_row', 'recovered', calls('done', 'failed', 'failed'), []],
  ['failures_in_a_row', 'only 2 calls', calls('failed', 'failed'), []],
  ['failures_in_a_row', 'some done', calls('partial', 'failed', 'failed'), []],
  ['breaker_opened', 'closed', breaker('closed'), []],
  ['breaker_opened', 'open', breaker('open'), ['haier high']],
  ['breaker_opened', 'half-open', breaker('half-open'), ['haier high']],
  ['breaker_opened', 'held', breaker('held'), ['haier high']],
  ['breaker_opened', 'opened by hand', breaker('open', 'anna'), ['haier low']],
  ['health_failing', '3 in a row', checks(false, false, false), ['haier high']],
  ['health_failing', '2 in a row', checks(false, false), []],
  ['health_failing', '2 in a row after a success', checks(false, false, true), []],
  ['health_failing', 'recovered', checks(true, false, false), []],
  ['run_failed', 'one', ends(1, 'failed'), ['sync high']],
  ['run_failed', 'guarded', ends(1, 'guarded'), ['sync high']],
  ['run_failed', 'recovered', ends(1, 'success', 'failed'), []],
  ['run_failed', 'alert_after 3, two failed', ends(3, 'failed', 'failed'), []],
  ['run_failed', 'alert_after 3, one between', ends(3, 'failed', 'partial', 'failed'), []],
  ['run_failed', 'alert_after 3', ends(3, 'failed', 'guarded', 'failed'), ['sync high']],
  ['run_failed', 'never ran', ends(1), []],
  ['run_partial', 'the last', ends(2, 'partial', 'success'), ['sync medium']],
  ['run_partial', 'the one before', ends(2, 'success', 'partial'), []],
  ['run_late', 'passed over for more than 2 min', due(ago(2 * min + 1), ago(0)), ['sync high']],
  ['run_late', 'passed over for 2 min', due(ago(2 * min), ago(0)), []],
  ['run_late', 'the scheduler has not looked since', due(ago(60 * min), ago(60 * min)), []],
  ['run_late', 'never due again', due(null, ago(0)), []],
  ['scheduler_still', '2 min', ticked(ago(2 * min)), []],
  ['scheduler_still', 'more than 2 min', ticked(ago(2 * min + 1)), ['one high']],
  ['scheduler_still', 'has just been started', ticked(null, ago(min)), []],
  ['scheduler_still', 'never ticked', ticked(null, ago(3 * min)), ['one high']],
  ['scheduler_still', 'nothing to plan', factsWith({ daemons: [daemon({ tickedAt: null })] }), []],
  [
    'run_missed',
    'one',
    factsWith({ jobs: [job({ missed: { count: 1, lastDueAt: ago(min) } })] }),
    ['sync medium'],
  ],
  ['run_missed', 'none', factsWith({ jobs: [job({})] }), []],
  [
    'job_paused',
    'by caravan',
    factsWith({ jobs: [job({ quarantine: { reason: 'x', since: ago(min) } })] }),
    ['sync high'],
  ],
  ['job_paused', 'not', factsWith({ jobs: [job({})] }), []],
  ['dead_letters', 'none', factsWith({}), []],
  [
    'dead_letters',
    'both sorts',
    factsWith({ stuck: { dead: 1, unknown: 2 } }),
    ['dead medium', 'unknown medium'],
  ],
  ['hooks_failed', 'none', factsWith({}), []],
  [
    'hooks_failed',
    'one',
    factsWith({ failedHooks: [{ service: 'twilio', count: 1 }] }),
    ['twilio medium'],
  ],
  ['expiring', 'in 14 days', secret(ahead(14 * day)), []],
  ['expiring', 'a moment sooner', secret(ahead(14 * day - 1)), ['secret:haier.token medium']],
  ['expiring', 'in 3 days', secret(ahead(3 * day)), ['secret:haier.token medium']],
  ['expiring', 'within 3 days', secret(ahead(3 * day - 1)), ['secret:haier.token high']],
  ['expiring', 'has ended', secret(ago(day)), ['secret:haier.token high']],
  [
    'expiring',
    'a token of the listener',
    factsWith({ expiries: [{ what: 'token', name: 'shop', at: ahead(day), users: [] }] }),
    ['token:shop high'],
  ],
  ['config_invalid', 'in force', factsWith({ daemons: [daemon({})], services: [service({})] }), []],
  [
    'config_invalid',
    'refused on reload by two daemons',
    factsWith({ daemons: [daemon({ configError: 'line 3' }), daemon({ configError: 'line 3' })] }),
    ['config high'],
  ],
  [
    'config_invalid',
    'one service',
    factsWith({ services: [service({ fault: 'services.haier.config.password: must be a text' })] }),
    ['haier high'],
  ],
  ['listener_down', 'it listens', factsWith({ daemons: [daemon({})] }), []],
  [
    'listener_down',
    'the port is taken',
    factsWith({ daemons: [daemon({ listenError: 'cannot listen at 127.0.0.1:80: it is taken' })] }),
    ['listener high'],
  ],
  ['state_full', '90 %', factsWith({ state: { bytes: 900, limit: 1000 } }), []],
  ['state_full', 'more', factsWith({ state: { bytes: 901, limit: 1000 } }), ['state medium']],
  ['disk_full', '100 MB', factsWith({ disk: { freeBytes: 100 * mb, freeFiles: 1000 } }), []],
  [
    'disk_full',
    'less',
    factsWith({ disk: { freeBytes: 100 * mb - 1, freeFiles: null } }),
    ['disk high'],
  ],
  [
    'disk_full',
    'no room for files',
    factsWith({ disk: { freeBytes: 1e12, freeFiles: 999 } }),
    ['disk high'],
  ],
  ['disk_full', 'cannot be told', factsWith({ disk: null }), []],
  ['channel_failing', 'works', channel(0), []],
  ['channel_failing', 'failed once', channel(1), []],
  ['channel_failing', 'failed twice', channel(2), ['ops high']],
]

it.each(cases)('%s: %s', (id, _what, facts, fires) => {
  const rule = rules.find((one) => one.id === id)

  const found = rule
    ?.find(facts)
    .map(({ subject, severity = rule.severity }) => `${subject} ${severity}`)

  expect(found).toEqual(fires)
})

it('every rule has a case in which it fires and one in which it does not, and says what to do', () => {
  const fires = (id: string, some: boolean) =>
    cases.some(([rule, , , found]) => rule === id && found.length > 0 === some)
  expect(rules.filter(({ id }) => !fires(id, true) || !fires(id, false))).toEqual([])
  for (const { id, when, find } of rules) {
    const own = cases.filter(([rule]) => rule === id)
    expect(when(factsWith().settings)).not.toBe('')
    for (const { title, todo, detail } of own.flatMap(([, , facts]) => find(facts))) {
      expect(todo).toMatch(/^caravan [a-z]|\.$/)
      expect(title).not.toMatch(/\n|\.$/)
      expect(detail).toMatch(/[^\n]\.$|line 3$|: x$/)
    }
  }
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
})
