import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from '../core/errors.ts'

export type ProcessIdentity = {
  host: string
  pid: number
  /** Tells a process from a later one with the same number, and from one before a reboot. Null where the system hides it. */
  startedAt: string | null
}

let own: ProcessIdentity | undefined

export const thisProcess = (): ProcessIdentity => (own ??= identityOf(process.pid))

/** Of a process of this host. */
export const identityOf = (pid: number): ProcessIdentity => ({
  host: hostname(),
  pid,
  startedAt: startOf(pid) ?? null,
})

/** Whether a process of this host still runs. A number that was given to another process counts as gone. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  const me = thisProcess()
  if (pid === me.pid && startedAt === me.startedAt) return true // asked often, of each run of a daemon
  try {
    process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM' // it runs, as another user
  }
  const found = startOf(pid)
  return startedAt === null || found === undefined || found === startedAt
}

/**
 * Whether a living process was stopped (SIGSTOP, Ctrl-Z, a debugger), so that it does nothing until it is woken. False
 * where the system does not tell.
 */
export const isStopped = ({ pid }: ProcessIdentity): boolean => /^[Tt]/.test(statOf(pid)?.[0] ?? '')

/** Boot and clock ticks since then: `0f3b…/123456`. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const afterName = statOf(pid)
    if (!afterName) return undefined
    const [state, start] = [afterName[0], afterName[19]]
    return state === 'Z' ? 'ended' : `${boot}/${start}`
  } catch {
    return undefined
  }
}

/** From the state of the process on. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name may hold blanks and brackets
  } catch {
    return undefined
  }
}
