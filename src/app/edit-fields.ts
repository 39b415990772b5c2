/** The fields of a service that can be edited: those of its adapter, and a few settings of ours. */
import type { Path } from '../config/faults.ts'
import type { LoadedConfig } from '../config/load.ts'
import { valueAt } from '../config/issues.ts'
import type { ServiceConfig } from '../config/schema.ts'
import { isGroup } from '../config/tree.ts'
import { CaravanError } from '../core/errors.ts'
import type { App } from './app.ts'
import { unknownName } from './catalogue.ts'
import { type FormField, formOfAdapter, formOfSettings } from './forms.ts'

export type EditField = FormField & {
  /** Where it stands in the file. */
  path: Path
  /** What stands there now, as written; undefined: nothing. */
  present: unknown
}

export type Editable = {
  name: string
  adapter: string
  fields: EditField[]
  /** The entry as the file has it. */
  entry: Partial<ServiceConfig>
  loaded: LoadedConfig
}

/** A service of the file, also one with a fault: that is what it may be edited for. Throws `service_unknown` with the nearest right name. */
export async function editableService(app: App, name: string): Promise<Editable> {
  const loaded = await app.usableConfig()
  const services = isGroup(loaded.raw.services) ? loaded.raw.services : {}
  const entry = Object.hasOwn(services, name) ? services[name] : undefined
  if (entry === undefined) {
    throw unknownName('service', name, Object.keys(services), 'service_unknown', 'caravan list')
  }
  if (!isGroup(entry) || typeof entry.adapter !== 'string') {
    throw new CaravanError({
      code: 'config_invalid',
      message: `the entry of ${name} does not say which adapter it is for`,
      hint: 'Correct the file by hand.',
      see: 'caravan config check',
    })
  }
  const { adapter } = entry
  const base: Path = ['services', name]
  const place = (path: Path) => (field: FormField) => ({
    ...field,
    path: [...path, field.name],
    present: valueAt(loaded.raw, [...path, field.name]),
  })
  const own = (await formOfAdapter(adapter)).map(place([...base, 'config']))
  const settings = formOfSettings()
    .filter(({ name: setting }) => !own.some((field) => field.name === setting))
    .map(place(base))
  return { name, adapter, fields: [...own, ...settings], entry, loaded }
}
