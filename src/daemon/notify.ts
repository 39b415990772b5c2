/**
 * Tells systemd how the daemon stands, through its own program: Node has no datagram sockets of the Unix kind.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd-notify.html
 */
import { execFile } from 'node:child_process'

export type Notify = {
  /** A word of the protocol, such as `READY=1`. Resolves when systemd has it; what fails is told once and never thrown. */
  tell(...words: string[]): Promise<void>
  /** How often `WATCHDOG=1` is expected at least, in milliseconds; undefined: it is not. */
  watchdogMs: number | undefined
}

/** How long the program may take. */
const patienceMs = 10_000

export function createNotify(
  env: Readonly<Record<string, string | undefined>>,
  onTrouble: (error: unknown) => void,
): Notify {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = env
  if (!NOTIFY_SOCKET) return { tell: () => Promise.resolve(), watchdogMs: undefined }
  let isTold = false
  const isOurs = !WATCHDOG_PID || Number(WATCHDOG_PID) === process.pid
  const given = { NOTIFY_SOCKET, PATH: env.PATH ?? '/usr/bin:/bin' }
  return {
    tell: (...words) =>
      new Promise((resolve) => {
        execFile('systemd-notify', words, { env: given, timeout: patienceMs }, (error) => {
          if (error && !isTold) onTrouble(error)
          isTold = error !== null
          resolve()
        })
      }),
    watchdogMs: WATCHDOG_USEC && isOurs ? Number(WATCHDOG_USEC) / 1000 : undefined,
  }
}
