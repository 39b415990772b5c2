import { liftSwitch, listSwitches, setSwitch, type Switch } from '../store/switches.ts'
import type { SwitchResult } from './answers/services.ts'
import type { App } from './app.ts'
import { readDurationFlag } from './duration-flag.ts'
import { standing, switchInfo } from './list-services.ts'
import { operatorName } from './operator.ts'
import { serviceEntry } from './service.ts'

/** Switches a service off for every process, from the next call on. Throws `service_unknown`. */
export async function disableService(
  app: App,
  name: string,
  options: { reason?: string; for?: string },
): Promise<SwitchResult> {
  const until = endOf(app, options.for)
  const { enabled } = serviceEntry(await app.usableConfig(), name)
  const { db } = await app.state()
  const now = app.clock.now()
  const reason = options.reason?.trim() ?? ''
  const former = await setSwitch(db, {
    service: name,
    reason,
    until,
    setBy: operatorName(app.env),
    now,
  })
  const held = (await listSwitches(db, now)).get(name)
  return resultOf(name, standing(enabled, held), { changed: true, former, line: null })
}

/** Lifts the operator's switch. A service that the file disables too is enabled in the file. */
export async function enableService(app: App, name: string): Promise<SwitchResult> {
  const { enabled } = serviceEntry(await app.usableConfig(), name)
  const { db } = await app.state()
  let line: number | null = null
  if (!enabled) {
    const { writeEnabled } = await import('./edit.ts')
    ;({ line } = await writeEnabled(app, name, true))
  }
  const former = await liftSwitch(db, name, app.clock.now())
  const changed = former !== undefined || line !== null
  return resultOf(name, standing(true, undefined), { changed, former, line })
}

function resultOf(
  service: string,
  stands: ReturnType<typeof standing>,
  { changed, former, line }: { changed: boolean; former: Switch | undefined; line: number | null },
): SwitchResult {
  const replaced = former ? switchInfo(former) : null
  return { service, ...stands, changed, replaced, config_line: line }
}

function endOf(app: App, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  return new Date(app.clock.now().getTime() + readDurationFlag('--for', text))
}
