import { userInfo } from 'node:os'
import { parseDuration } from '../config/durations.ts'
import { CaravanError } from '../core/errors.ts'
import { liftSwitch, listSwitches, setSwitch } from '../store/switches.ts'
import type { App } from './app.ts'
import { serviceEntry } from './service.ts'
import { standing } from './list-services.ts'

export type SwitchResult = {
  service: string
  state: string
  why: string | null
  until: string | null
  /** False when it stood so before. */
  changed: boolean
}

/** Switches a service off for every process, from the next call on. Throws `service_unknown`. */
export async function disableService(
  app: App,
  name: string,
  options: { reason?: string; for?: string },
): Promise<SwitchResult> {
  serviceEntry(await app.usableConfig(), name)
  const { db } = await app.state()
  const before = (await listSwitches(db, app.clock.now())).get(name)
  await setSwitch(db, {
    service: name,
    reason: options.reason ?? '',
    until: endOf(app, options.for),
    setBy: operator(app),
    now: app.clock.now(),
  })
  return resultOf(app, name, !before)
}

/** Lifts the operator's switch. A service that the file disables stays disabled: then the file must be changed. */
export async function enableService(app: App, name: string): Promise<SwitchResult> {
  const entry = serviceEntry(await app.usableConfig(), name)
  const { db } = await app.state()
  const wasHeld = await liftSwitch(db, name, app.clock.now())
  if (entry.enabled) return resultOf(app, name, wasHeld)
  const { writeEnabled } = await import('./edit.ts')
  await writeEnabled(app, name, true)
  return { service: name, state: 'enabled', why: null, until: null, changed: true }
}

async function resultOf(app: App, name: string, changed: boolean): Promise<SwitchResult> {
  const entry = serviceEntry(await app.usableConfig(), name)
  const held = (await listSwitches((await app.state()).db, app.clock.now())).get(name)
  return { service: name, ...standing(entry.enabled, held), changed }
}

function endOf(app: App, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined) {
    throw new CaravanError({
      code: 'usage',
      message: `--for ${text} is no duration`,
      hint: 'Write it like 30m, 2h or 3d.',
    })
  }
  return new Date(app.clock.now().getTime() + ms)
}

/** Who is at the keyboard, also behind sudo. */
const operator = ({ env }: App): string => env.SUDO_USER || env.USER || accountName()

/** In a container the user may have no name. */
function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
