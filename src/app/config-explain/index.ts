/** Which layer a value of the config comes from, and where else it is set. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { everyPlace } from '../../config/find.ts'
import { pathText } from '../../config/faults.ts'
import { samePath } from '../../config/tree.ts'
import { mask } from '../../config/mask-text.ts'
import { utcText } from '../../core/words.ts'
import { listSecrets } from '../../store/secrets.ts'
import { listSwitches, type Switch } from '../../store/switches.ts'
import type { ConfigExplanation, ExplainedKey, KeySource } from '../answers/config.ts'
import type { App } from '../app.ts'
import { maskLoaded } from '../config-history/mask-loaded.ts'
import { once } from '../once.ts'
import { sourcesOf } from '../service.ts'
import { aboveFile, belowFile } from './defaults.ts'
import { findKeys } from './find-key.ts'
import { type Leaf, readKeys } from './keys.ts'
import { fromFile, type Given } from './layers.ts'

/** Left out, the key means all of them. Throws `config_key_unknown` with the nearest right key. */
export async function explainKey(app: App, key = ''): Promise<ConfigExplanation> {
  const loaded = await app.usableConfig()
  const { path, leaves } = findKeys(await readKeys(loaded), loaded.raw, key)
  const given = {
    loaded,
    masked: (await maskLoaded(loaded)).tree,
    // Whether a secret is there can be said without opening it: no key is needed, and nobody is asked for a passphrase.
    sources: { ...(await sourcesOf(app)), secret: isStoredIn(app) },
  }
  const switches = leaves.some(isSwitchable)
    ? await listSwitches((await app.state()).db, app.clock.now())
    : new Map<string, Switch>()
  const keys: ExplainedKey[] = []
  for (const leaf of leaves) keys.push(await explainLeaf(app, leaf, given, switches))
  return { key: path, keys, config: placesOf(app) }
}

function isStoredIn(app: App): (name: string) => Promise<string | undefined> {
  const names = once(async () => {
    const stored = await listSecrets((await app.state()).db)
    return new Set(stored.map(({ name }) => name))
  })
  return async (name) => ((await names()).has(name) ? mask : undefined)
}

const isSwitchable = ({ path }: Leaf): boolean =>
  path.length === 3 && path[0] === 'services' && path[2] === 'enabled'

async function explainLeaf(
  app: App,
  leaf: Leaf,
  given: Given,
  switches: Map<string, Switch>,
): Promise<ExplainedKey> {
  const { env } = app
  const file = await fromFile(leaf, given)
  const held = isSwitchable(leaf) ? switches.get(leaf.path[1] ?? '') : undefined
  const found = [
    ...(held ? [ofSwitch(held)] : []),
    ...aboveFile(leaf, env),
    ...file.sources,
    ...(await ofWholeFile(leaf, given)),
    ...belowFile(leaf, env),
  ]
  const [first = notSet, ...overridden] = found
  const fault = given.loaded.faults.find((each) => samePath(each.path, leaf.path))
  return {
    key: pathText(leaf.path),
    value: first.value,
    source: first,
    overridden,
    fault: fault?.message ?? file.fault,
    about: aboutOf(leaf),
  }
}

const notSet: KeySource = {
  layer: 'not set',
  detail: 'neither the file nor a default says anything',
  value: null,
  line: null,
  column: null,
}

const ofSwitch = ({ setBy, setAt, reason, until }: Switch): KeySource => ({
  layer: 'switch',
  detail: [`by ${setBy}, ${utcText(setAt)}`, reason, until && `until ${utcText(until)}`]
    .filter(Boolean)
    .join('; '),
  value: false,
  line: null,
  column: null,
})

/** A job without a zone has that of the file. */
async function ofWholeFile({ path, ...leaf }: Leaf, given: Given): Promise<KeySource[]> {
  if (path[0] !== 'jobs' || path.length !== 3 || path[2] !== 'timezone') return []
  const { sources } = await fromFile({ ...leaf, path: ['timezone'] }, given)
  const own = sources.map((source) => ({ ...source, detail: `timezone, ${source.detail}` }))
  return [...own, { ...notSet, layer: 'caravan', detail: 'default of timezone', value: 'UTC' }]
}

function aboutOf({ field }: Leaf): string | null {
  if (!field) return null
  const { description, rule, choices, example } = field
  const parts = [
    description,
    rule && `must be ${rule}`,
    choices && `one of ${choices.join(', ')}`,
    example !== undefined && !field.isSecret && `for example ${JSON.stringify(example)}`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join('; ') : null
}

function placesOf(app: App): ConfigExplanation['config'] {
  const file = app.file()
  const places = everyPlace(app.lookup)
  const foundBy = places.find(({ path }) => path === file)?.source ?? ''
  const unused = places
    .filter(({ path }) => resolve(path) !== file && existsSync(path))
    .map(({ path, source }) => ({ file: path, place: source }))
  return { file, found_by: foundBy, unused }
}
