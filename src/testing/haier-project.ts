/** A project in a folder of its own whose one service talks to a twin of Haier over real HTTP. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { type App, openApp } from '../app/app.ts'
import { initProject } from '../app/init.ts'
import { type RunReport, type RunRequest, runJob } from '../app/run.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { TwinReply } from '../core/twin.ts'
import { startTwin, type TwinServer } from '../http/twin-server.ts'
import type { Db } from '../store/schema.ts'
import { temporaryFolder } from './state.ts'

export type HaierProject = {
  config: string
  state: string
  twin: TwinServer
  db(): Promise<Db>
  /** Runs the sync through the whole program, in this process. */
  sync(options?: Record<string, unknown>, request?: RunRequest): Promise<RunReport>
  /** From now on the answers at paths that hold this text are changed. */
  answer(path: string, change: (payload: never, asked: never) => unknown): void
  /** Another program on the same project, as a second process would be. */
  open(signal?: AbortSignal): App
  /** Closes the program's own hands on the state. */
  close(): Promise<void>
}

export type HaierProjectOptions = {
  twin?: Record<string, unknown>
  /** Settings of the service beside its config. */
  service?: Record<string, unknown>
  jobs?: Record<string, unknown>
  clock?: Clock
  signal?: AbortSignal
}

export const paths = { listing: 'check-procurable', price: 'price-query', stock: 'stock/get-av' }

export async function startHaierProject({
  twin: options = {},
  service = {},
  jobs = {},
  clock = systemClock,
  signal = new AbortController().signal,
}: HaierProjectOptions = {}): Promise<HaierProject> {
  const folder = temporaryFolder()
  const { config, state } = await initProject(folder, { env: {}, clock })
  const twin = await startTwin(haier.twin, { products: 60, ...options })
  onTestFinished(twin.close)
  const entry = {
    adapter: 'haier',
    rate_limit: { per_second: 5000 }, // the tests need not wait
    retry: { attempts: 1 },
    ...service,
    config: twin.config,
  }
  const file = { version: 1, state: './caravan.db', services: { haier: entry }, jobs }
  await writeFile(config, JSON.stringify(file))

  const open = (until = signal): App => openApp({ env: {}, cwd: folder, clock, signal: until })
  let app = open()
  onTestFinished(() => app.close())
  return {
    config: join(config),
    state,
    twin,
    open,
    db: async () => (await app.state()).db,
    async sync(flags = {}, request = {}) {
      const { report } = await runJob(app, 'haier-products', { ...request, options: flags })
      return report
    },
    answer: (path, change) => changeAnswers(twin, path, change as Change),
    async close() {
      await app.close()
      app = open()
    },
  }
}

type Change = (payload: unknown, asked: unknown) => unknown

function changeAnswers({ twin }: TwinServer, part: string, change: Change): void {
  const handle = twin.handle.bind(twin)
  twin.handle = async (request) => {
    const reply = await handle(request)
    if (!request.path.includes(part)) return reply
    const payload: unknown = JSON.parse(await textOf(reply))
    const text = JSON.stringify(change(payload, JSON.parse(request.body.toString())))
    return { status: reply.status, text, headers: { 'content-type': 'application/json' } }
  }
}

async function textOf({ chunks, text, json }: TwinReply): Promise<string> {
  if (!chunks) return text ?? JSON.stringify(json)
  let all = ''
  for await (const chunk of chunks) all += chunk
  return all
}
