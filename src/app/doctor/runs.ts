import { listRuns, type Run } from '../../store/runs.ts'
import { isGone } from '../../store/start-run.ts'
import { thisProcess } from '../../store/process-identity.ts'
import type { Check, Finding } from './check.ts'
import type { Patient } from './patient.ts'
import { instantText } from './texts.ts'

const id = 'runs'

export const runs: Check = {
  id,
  title: 'Runs and their leases',
  async run(patient) {
    const { db } = await patient.state()
    const running = await listRuns(db, { status: 'running' }, { limit: 100 })
    return running.flatMap((run) => ofRun(run, patient))
  },
}

function ofRun(run: Run, patient: Patient): Finding[] {
  const heard = instantText(run.heartbeatAt)
  const here = thisProcess()
  if (isGone(run, here, patient.now)) {
    return [
      {
        check: id,
        severity: 'warning',
        what: `the run ${run.id} of ${run.job} counts as running, and its process (${run.pid} on ${run.host}) is gone`,
        why: `it was last heard of at ${heard}; what it saved stays, and the next run goes on from there`,
        mend: 'caravan runs list',
        fix: {
          title: `marked the run ${run.id} of ${run.job} as interrupted`,
          run: () => interrupt(patient),
        },
      },
    ]
  }
  if (run.host !== here.host || run.leaseUntil > patient.now.toISOString()) return []
  return [
    {
      check: id,
      severity: 'warning',
      what: `the run ${run.id} of ${run.job} has not been heard of since ${heard}, and its process ${run.pid} is there`,
      why: 'it was stopped, or the machine slept',
      mend: `kill -CONT ${run.pid}`,
    },
  ]
}

async function interrupt(patient: Patient): Promise<void> {
  const { interruptRuns } = await import('../../store/interrupt-runs.ts')
  await interruptRuns(await patient.statePath(), patient.app.clock.now())
}
