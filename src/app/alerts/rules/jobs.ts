/** How runs went, and whether they began when they were due. */
import { counted } from '../../../core/words.ts'
import { messageOfRun } from '../run-error.ts'
import { formatSpan, instantText } from '../words.ts'
import type { Rule } from './rule.ts'

export const runFailed: Rule = {
  id: 'run_failed',
  title: 'Runs of a job fail',
  severity: 'high',
  when: () =>
    'as many runs of a job in a row failed, or were stopped by a guard, as its alert_after says (1)',
  find: ({ jobs }) =>
    jobs.flatMap(({ id, ends, alertAfter }) => {
      const [last] = ends
      const isBad = ends.every(({ status }) => status === 'failed' || status === 'guarded')
      if (!last || ends.length < alertAfter || !isBad) return []
      const how = last.status === 'guarded' ? 'was stopped by a guard' : 'failed'
      const title =
        alertAfter === 1
          ? `The last run of ${id} ${how}`
          : `The last ${alertAfter} runs of ${id} failed`
      const detail =
        `It began at ${instantText(last.startedAt)}. ${messageOfRun(last.error)}`.trim()
      return [{ subject: id, title, detail, todo: `caravan runs show ${last.id}` }]
    }),
}

export const runPartial: Rule = {
  id: 'run_partial',
  title: 'A run saved only a part',
  severity: 'medium',
  when: () => 'some items of the last run of a job failed',
  find: ({ jobs }) =>
    jobs.flatMap(({ id, ends: [last] }) =>
      last?.status === 'partial'
        ? [
            {
              subject: id,
              title: `Some items of the last run of ${id} failed`,
              detail: `It began at ${instantText(last.startedAt)}.`,
              todo: `caravan runs show ${last.id}`,
            },
          ]
        : [],
    ),
}

const lateMs = 2 * 60_000

/**
 * By what the scheduler itself has seen: after a night in which the machine slept nothing is late, it is missed or begun
 * as soon as the scheduler looks.
 */
export const runLate: Rule = {
  id: 'run_late',
  title: 'A run did not begin when it was due',
  severity: 'high',
  when: () => `the scheduler passed a job over for ${formatSpan(lateMs)}`,
  find: ({ jobs, daemons }) => {
    const tickedMs = Math.max(...daemons.map(({ tickedAt }) => Date.parse(tickedAt ?? '') || 0), 0)
    return jobs.flatMap(({ id, hasSchedule, nextDueAt }) => {
      if (!hasSchedule || !nextDueAt || tickedMs - Date.parse(nextDueAt) <= lateMs) return []
      return [
        {
          subject: id,
          title: `${id} was due and has not begun`,
          detail: `It was due at ${instantText(nextDueAt)}.`,
          todo: `caravan jobs explain ${id}`,
        },
      ]
    })
  },
}

export const runMissed: Rule = {
  id: 'run_missed',
  title: 'Occurrences of a job were missed',
  severity: 'medium',
  when: ({ window }) => `an occurrence was missed, as was noticed within ${formatSpan(window)}`,
  find: ({ jobs }) =>
    jobs.flatMap(({ id, missed }) =>
      missed.count > 0
        ? [
            {
              subject: id,
              title: `${counted(missed.count, 'occurrence')} of ${id} ${missed.count === 1 ? 'was' : 'were'} missed`,
              detail: `Nothing was there to run it; the last one was due at ${instantText(missed.lastDueAt ?? '')}.`,
              todo: 'caravan jobs missed',
            },
          ]
        : [],
    ),
}

/** The part of a daemon that plans what is due ticks all the time; once it stands still nothing begins any more. */
export const schedulerStill: Rule = {
  id: 'scheduler_still',
  title: 'The scheduler stands still',
  severity: 'high',
  when: () => `the scheduler of a daemon has not ticked for ${formatSpan(lateMs)}`,
  find: ({ daemons, jobs, now }) =>
    daemons
      .filter(({ startedAt, tickedAt }) => {
        const lastMs = Date.parse(tickedAt ?? startedAt)
        return jobs.some(({ hasSchedule }) => hasSchedule) && now.getTime() - lastMs > lateMs
      })
      .filter(({ host }, at, all) => all.findIndex((one) => one.host === host) === at)
      .map(({ host, tickedAt }) => ({
        subject: host,
        title: `The scheduler on ${host} stands still`,
        detail: tickedAt
          ? `It last ticked at ${instantText(tickedAt)}: no job begins.`
          : 'It has not ticked since the daemon was started: no job begins.',
        todo: 'Restart the daemon; its log says what it waits for.',
      })),
}

export const jobPaused: Rule = {
  id: 'job_paused',
  title: 'Caravan itself keeps a job from running',
  severity: 'high',
  when: () => 'a job is paused, and not by a person',
  find: ({ jobs }) =>
    jobs.flatMap(({ id, quarantine }) =>
      quarantine
        ? [
            {
              subject: id,
              title: `${id} was paused`,
              detail: `Since ${instantText(quarantine.since)}: ${quarantine.reason}`,
              todo: `caravan jobs resume ${id}`,
            },
          ]
        : [],
    ),
}
