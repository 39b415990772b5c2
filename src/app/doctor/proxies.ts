import { dirname } from 'node:path'
import { resolvePlaceholders } from '../../config/placeholders.ts'
import { fileSources } from '../../config/sources.ts'
import { messageOf } from '../../core/errors.ts'
import { open, placeOf, placeText, resolve, systemLookup } from '../../http/probe/connect.ts'
import type { Check, Finding } from './check.ts'
import { secretsOf } from './key.ts'
import type { Patient } from './patient.ts'

const id = 'proxies'

const patienceMs = 3000

/** A proxy and where it is named. Its address may hold a password: only its host and port are ever shown. */
type Named = { address: string; by: string; isUsed: boolean; mend: string }

/** Connects to each proxy and asks nothing of it. */
export const proxies: Check = {
  id,
  title: 'Proxies',
  async run(patient) {
    const named = [...(await ofEnvironment(patient)), ...(await ofServices(patient))]
    const findings = await Promise.all(named.map((proxy) => lookAt(proxy, patient)))
    return findings.flat()
  },
}

async function ofEnvironment(patient: Patient): Promise<Named[]> {
  const { env } = patient.app
  const loaded = await patient.config().catch(() => undefined)
  const isUsed = Object.values(loaded?.config.services ?? {}).some(({ enabled }) => enabled)
  return ['HTTPS_PROXY', 'HTTP_PROXY'].flatMap((variable) => {
    // As requests read them: capitals win.
    const by = env[variable] === undefined ? variable.toLowerCase() : variable
    const address = env[by]
    if (!address) return []
    return [
      {
        address,
        by,
        isUsed,
        mend: `Start the proxy, correct ${by}, or name in NO_PROXY what needs none.`,
      },
    ]
  })
}

async function ofServices(patient: Patient): Promise<Named[]> {
  const loaded = await patient.config().catch(() => undefined)
  if (!loaded) return []
  const secrets = await secretsOf(patient).catch(() => undefined)
  const sources = fileSources({
    env: patient.app.env,
    configDir: dirname(loaded.file),
    secret: async (name) => secrets?.read(name),
  })
  const named: Named[] = []
  for (const [service, { proxy, enabled }] of Object.entries(loaded.config.services)) {
    if (!proxy) continue
    const { value, faults } = await resolvePlaceholders(proxy, sources).catch(() => unresolved)
    // What has no value is a finding of the config.
    if (faults.length > 0) continue
    const by = `services.${service}.proxy`
    const mend = `Start the proxy, or correct ${by} in the config.`
    named.push({ address: String(value), by, isUsed: enabled, mend })
  }
  return named
}

const unresolved = { value: undefined, faults: [{}] }

async function lookAt({ address, by, isUsed, mend }: Named, patient: Patient): Promise<Finding[]> {
  const finding = (what: string): Finding[] => [
    { check: id, severity: isUsed ? 'problem' : 'note', what, mend },
  ]
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol) || !url.hostname) {
    return finding(`${by} is no address of a proxy, such as http://proxy.example.com:3128`)
  }
  const place = placeOf(url)
  const late = new AbortController()
  const signal = AbortSignal.any([late.signal, patient.signal])
  const done = new AbortController()
  void patient.app.clock.sleep(patienceMs, done.signal).then(
    () => late.abort(),
    () => undefined,
  )
  try {
    const socket = await open(place, await resolve(place.host, systemLookup, signal), signal)
    socket.destroy()
    return []
  } catch (error) {
    return finding(`the proxy of ${by}, ${placeText(place)}, cannot be used: ${messageOf(error)}`)
  } finally {
    done.abort()
  }
}
