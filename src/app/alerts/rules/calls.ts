/** How the calls of a service go, by those of the window alone. Connection tests and calls given up are not counted. */
import { formatSpan, instantText } from '../words.ts'
import { hasFailed } from '../call-rates.ts'
import type { Rule } from './rule.ts'

export const successRate: Rule = {
  id: 'success_rate',
  title: 'Too many calls of a service fail',
  severity: 'high',
  when: ({ success_rate: least, min_calls: calls, window }) =>
    `less than ${least} % of at least ${calls} calls in ${formatSpan(window)} succeed`,
  find: ({ services, settings }) =>
    services.flatMap(({ name, rate }) => {
      const percent = ((rate.calls - rate.failed) / rate.calls) * 100
      if (rate.calls < settings.min_calls || percent >= settings.success_rate) return []
      return [
        {
          subject: name,
          title: `${name}: ${percentText(percent)} of its calls succeed`,
          detail: `${rate.failed} of ${rate.calls} calls in ${formatSpan(settings.window)} failed; the limit is ${settings.success_rate} %.`,
          todo: `caravan logs --service ${name} --outcome failed`,
        },
      ]
    }),
}

/** Cut, not rounded: 89.96 % is not 90 %. */
const percentText = (percent: number): string => `${Math.floor(percent * 10) / 10} %`

export const responseTime: Rule = {
  id: 'response_time',
  title: 'A service answers slowly',
  severity: 'medium',
  when: ({ response_time: most, min_calls: calls, window }) =>
    `at least ${calls} requests in ${formatSpan(window)} take longer than ${formatSpan(most)} on average`,
  find: ({ services, settings }) =>
    services.flatMap(({ name, rate }) => {
      const meanMs = rate.requestMs / rate.requests
      if (rate.requests < settings.min_calls || !(meanMs > settings.response_time)) return []
      return [
        {
          subject: name,
          title: `${name} answers slowly`,
          detail: `${rate.requests} requests in ${formatSpan(settings.window)} took ${(meanMs / 1000).toFixed(1)} s on average; the limit is ${formatSpan(settings.response_time)}.`,
          todo: `caravan test ${name}`,
        },
      ]
    }),
}

export const failuresInARow: Rule = {
  id: 'failures_in_a_row',
  title: 'The last calls of a service all failed',
  severity: 'high',
  when: () => 'as many calls in a row failed within a day as open the breaker of the service (5)',
  find: ({ services }) =>
    services.flatMap(({ name, lastCalls, failureLimit }) => {
      const [last] = lastCalls
      if (!last || lastCalls.length < failureLimit || !lastCalls.every(hasFailed)) return []
      const why = [last.errorKind, last.errorCode].filter(Boolean).join(', ')
      return [
        {
          subject: name,
          title: `${name}: the last ${failureLimit} calls failed`,
          detail: `The last one began at ${instantText(last.startedAt)}${why ? ` (${why})` : ''}.`,
          todo: `caravan logs show ${last.id}`,
        },
      ]
    }),
}
