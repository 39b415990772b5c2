import { writeFile } from 'node:fs/promises'
import { checkAgainst } from '../config/issues.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import { faultWords } from '../http/twin-faults.ts'
import { startTwin } from '../http/twin-server.ts'
import { adapterNamed } from './catalogue.ts'

export type SandboxOptions = {
  port?: string
  /** File for the config that points at the twin. */
  write?: string
  /** File for the values that `add --answers` takes. */
  answers?: string
  options: Record<string, unknown>
  clock: Clock
}

export type Sandbox = {
  title: string
  url: string
  /** Where faults are ordered and figures are told; another address than `url` for a vendor that does not speak HTTP. */
  controlUrl: string
  /** The config as YAML. */
  config: string
  /** What was written. */
  files: string[]
  /** Resolves when the signal is aborted and the twin has stopped. */
  until(signal: AbortSignal): Promise<void>
}

export type TwinNote = readonly [term: string, text: string]

/** What the help of a twin says beside its flags. Throws `adapter_unknown`. */
export async function describeTwin(
  id: string,
): Promise<{ faults: TwinNote[]; recipients: TwinNote[] }> {
  const { twin } = await adapterNamed(id)
  return {
    faults: Object.entries(faultWords),
    recipients: Object.entries(twin.recipients?.() ?? {}),
  }
}

/** Starts a twin on this machine and makes the config that points at it. */
export async function startSandbox(id: string, wanted: SandboxOptions): Promise<Sandbox> {
  const adapter = await adapterNamed(id)
  const options = checkAgainst(adapter.twin.options.strict(), wanted.options)
  if (!options.ok) {
    const faults = options.issues.map(
      ({ path, message }) => `  --${path.join('.').replaceAll('_', '-')}: ${message}`,
    )
    throw new CaravanError({
      code: 'usage',
      message: `these flags do not make a twin:\n${faults.join('\n')}`,
    })
  }
  const port = readPort(wanted.port)
  const server = await startTwin(adapter.twin, options.value, { clock: wanted.clock, port }).catch(
    (error: unknown) => {
      throw new CaravanError({
        code: 'usage',
        message: `cannot listen on port ${port}: ${messageOf(error)}`,
      })
    },
  )
  const { stringify } = await import('yaml')
  const services = { [id]: { adapter: id, config: server.config } }
  const config = stringify({ version: 1, services }, { lineWidth: 0 })
  const files: string[] = []
  try {
    if (wanted.write) files.push(await writeNew(wanted.write, config))
    if (wanted.answers) files.push(await writeNew(wanted.answers, JSON.stringify(server.config)))
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    title: adapter.title,
    url: server.url,
    controlUrl: server.controlUrl,
    config,
    files,
    async until(signal) {
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      }
      await server.close()
    },
  }
}

/** Never over a file that is there: it might be the real config. */
async function writeNew(path: string, text: string): Promise<string> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    throw new CaravanError({ code: 'usage', message: `cannot write ${path}: ${messageOf(error)}` })
  })
  return path
}

function readPort(text = '0'): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CaravanError({
    code: 'usage',
    message: `--port ${text} is no port`,
    hint: 'Ports are 1 to 65535.',
  })
}
