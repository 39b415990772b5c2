import { expect, it } from 'vitest'
import { type Cause, causes, rungs, worstExit, worstFirst } from './causes.ts'

it('every cause says what it is and what to do, in whole sentences', () => {
  const poor = Object.entries(causes).filter(([, { rung, says, next }]) => {
    const isWhole = /^[A-Z].{20,}\.$/.test(says) && /^[A-Z].{6,}\.$/.test(next)
    return !isWhole || !rungs.includes(rung)
  })

  expect(poor).toEqual([])
})

it('every exit has its place in the order', () => {
  for (const { exit } of Object.values(causes)) expect(worstFirst).toContain(exit)
})

it.each<[Cause[], string]>([
  [[], 'done'],
  [['effect_not_allowed', 'service_disabled'], 'done'],
  [['deadline_reached', 'service_disabled'], 'deadline'],
  [['deadline_reached', 'vendor_unavailable'], 'temporary'],
  [['vendor_unavailable', 'bad_answer'], 'failed'],
  [['tls_expired', 'credentials_refused'], 'credentials'],
  [['credentials_refused', 'secrets_locked'], 'secrets'],
  [['secrets_locked', 'config_invalid', 'rate_limited'], 'config'],
])('%j is %s', (found, exit) => {
  expect(worstExit(found)).toBe(exit)
  expect(worstExit(found.toReversed())).toBe(exit)
})
