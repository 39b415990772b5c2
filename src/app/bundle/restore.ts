import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { formatFaults, pathText } from '../../config/faults.ts'
import { isLocal, readConfig } from '../../config/load.ts'
import { resolvePlaceholders } from '../../config/placeholders.ts'
import { fileSources, readValueFile } from '../../config/sources.ts'
import { type Around, writeConfigFile } from '../../config/write.ts'
import { CaravanError } from '../../core/errors.ts'
import type { Compared, ConfigRestored } from '../answers/bundle.ts'
import type { App } from '../app.ts'
import { catalogue } from '../catalogue.ts'
import { checkConfig, readProjectConfig } from '../config.ts'
import { recordLoaded, recordWritten } from '../config-history/record.ts'
import { keepFormer } from '../keep-former.ts'
import { isWritten } from '../save-service.ts'
import type { SecretStore, SecretValue } from '../secret-store.ts'
import { compare, compareSecrets, others, textForHere } from './compare.ts'
import { type Bundle, type Carried, parseBundle, readBundleFile } from './format.ts'
import { openBundle } from './open.ts'

export type RestorePlan = Pick<
  ConfigRestored,
  'config' | 'services' | 'jobs' | 'settings' | 'secrets' | 'kept_here'
> & {
  bundle: Bundle
  file: string
  /** What will be written. */
  text: string
  changesFile: boolean
  /** Something that is here would be replaced. */
  replaces: boolean
  carried: SecretValue[]
}

/**
 * Opens a bundle and compares it with what is here. Nothing is written. `askPassphrase` is called for one that was
 * sealed for a passphrase. Throws `bundle_damaged`, `key_wrong`, `config_missing` where there is no installation, or
 * `config_invalid` for a config that this caravan does not accept.
 */
export async function planConfigRestore(
  app: App,
  file: string,
  askPassphrase: () => Promise<string>,
): Promise<RestorePlan> {
  const bytes = await readBundleFile(file)
  const bundle = parseBundle(bytes, file)
  const config = installation(app)
  // The state and the key first: a passphrase is asked for when it can be of use.
  const store = await app.secrets()
  await store.unlocked()
  const secrets = await openBundle(app, bundle, file, askPassphrase)

  const present = await app.usableConfig()
  const sent = await readSent(app, bundle, bundle.config.toString('utf8'))
  const { text, kept } = textForHere(sent.text, sent.raw, present.raw)
  const { raw } = await readSent(app, bundle, text)
  const compared = await compareSecrets(secrets, (name) => store.read(name))
  const services = compare(present.raw.services, raw.services)
  const jobs = compare(present.raw.jobs, raw.jobs)
  const changesFile = text !== present.text
  const settings = compare(others(present.raw), others(raw))
  // What only `init` wrote is here too, once it differs.
  const isUsed =
    services.some(isHere) ||
    jobs.some(isHere) ||
    settings.some(({ change }) => change === 'different' || change === 'gone')
  return {
    config,
    services,
    jobs,
    settings,
    secrets: compared,
    kept_here: kept,
    bundle,
    file,
    text,
    changesFile,
    replaces: (changesFile && isUsed) || compared.some(({ change }) => change === 'different'),
    carried: Object.entries(secrets).map(([name, { value, expires_at }]) => ({
      name,
      value,
      expiresAt: expires_at,
    })),
  }
}

/**
 * Writes what was planned: secrets that are new, then the file in one step, then secrets that get another value; so that
 * a kill leaves a file whose secrets are all there. Whoever runs it again finishes it. Throws `config_changed` when the
 * file is no longer the one that was compared.
 */
export async function restoreConfig(app: App, plan: RestorePlan): Promise<ConfigRestored> {
  const store = await app.secrets()
  const changeOf = new Map(plan.secrets.map(({ name, change }) => [name, change]))
  const which = (change: Compared['change']) =>
    plan.carried.filter(({ name }) => changeOf.get(name) === change)
  const [added, different] = [which('new'), which('different')]
  let former: string | null = null
  if (plan.changesFile) {
    former = await replaceFile(app, plan.text, async (write) => {
      await requireSameSecrets(store, plan)
      if (added.length > 0) await store.writeAll(added)
      try {
        await write()
      } catch (error) {
        if (await isWritten(app, plan.text)) throw error
        for (const { name } of added) await store.remove(name)
        throw error
      }
      if (different.length > 0) await store.writeAll(different)
    })
  } else {
    await requireSameSecrets(store, plan)
    await store.writeAll([...added, ...different])
  }
  if (plan.changesFile) await recordWritten(app)
  const { services, jobs, settings, secrets, kept_here, config } = plan
  return {
    bundle: plan.file,
    made_at: plan.bundle.madeAt,
    made_by: plan.bundle.madeBy,
    config,
    changed: plan.changesFile || added.length + different.length > 0,
    services,
    jobs,
    settings,
    secrets,
    kept_here,
    former,
    ...(await lookAgain(app)),
  }
}

function installation(app: App): string {
  try {
    return app.file()
  } catch (error) {
    if (!(error instanceof CaravanError) || error.code !== 'config_missing') throw error
    throw new CaravanError({
      code: 'config_missing',
      message: 'there is no installation here to restore into',
      hint: 'Run "caravan init" first: it makes the key and the state that the secrets go into.',
      cause: error,
    })
  }
}

/** The config of the bundle as this caravan reads it. Values that this machine lacks are no fault. */
async function readSent(app: App, { madeBy }: Bundle, text: string) {
  const { env } = app
  const loaded = await readConfig(Buffer.from(text), app.file(), catalogue, {
    env,
    readFile: readValueFile,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  })
  const grave = loaded.faults.filter((fault) => !isLocal(fault) && fault.kind !== 'unset')
  if (grave.length === 0) return loaded
  throw new CaravanError({
    code: 'config_invalid',
    message: `this caravan does not accept the config of the bundle; nothing was written:\n${formatFaults('bundle', grave)}`,
    hint: `The bundle was made by caravan ${madeBy}. Use that version here, or a newer one.`,
  })
}

const isHere = ({ change }: Compared): boolean => change !== 'new'

/** A person may have thought for minutes: what another command stored meanwhile was not agreed to be replaced. */
async function requireSameSecrets(store: SecretStore, plan: RestorePlan): Promise<void> {
  const carried = plan.carried.map(({ name, value }) => [name, { value, expires_at: null }])
  const now = await compareSecrets(Object.fromEntries(carried) as Carried, store.read)
  if (isDeepStrictEqual(now, plan.secrets)) return
  throw new CaravanError({
    code: 'config_changed',
    message: 'secrets of the bundle were stored here since they were compared; nothing was written',
    hint: 'Look at "caravan secret list" and run the command again.',
  })
}

/** Returns where the former file is kept. */
async function replaceFile(app: App, text: string, around: Around): Promise<string> {
  const present = await app.usableConfig()
  await recordLoaded(app, (await app.stateAsIs()).db, present)
  const former = await keepFormer(app.file(), 'before-restore')
  try {
    await writeConfigFile(app.file(), text, present.sha256, around)
  } catch (error) {
    if (!(await isWritten(app, text))) await rm(former, { force: true })
    throw error
  }
  return former
}

/** What is amiss with the file that was written; `app` itself has read the one before. */
async function lookAgain(app: App): Promise<Pick<ConfigRestored, 'faults' | 'unset'>> {
  const { env } = app
  const loaded = await readProjectConfig(app.file(), env)
  const { faults } = await checkConfig({ ...app, usableConfig: async () => loaded })
  const configDir = dirname(app.file())
  const sources = fileSources({ env, configDir, secret: async () => 'stored' })
  const resolved = await resolvePlaceholders(loaded.raw, sources)
  const unset = resolved.faults.map(({ path, message }) => ({ path: pathText(path), message }))
  // A service that lacks a value is told by that value.
  const isTold = (path: string) =>
    unset.some((each) => each.path === path || each.path.startsWith(`${path}.`))
  return {
    unset,
    faults: faults
      .filter(({ path }) => !isTold(path))
      .map(({ line, path, message }) => `line ${line}, ${path}: ${message}`),
  }
}
