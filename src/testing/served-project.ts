/** A project whose services talk to twins in the process of the test. */
import { onTestFinished } from 'vitest'
import { addService } from '../app/add.ts'
import { adapterNamed } from '../app/catalogue.ts'
import { startTwin, type TwinServer } from '../http/twin-server.ts'
import { withAppIn } from './app.ts'
import { type Project, project } from './program.ts'

export type ServedProject = Project & {
  /** By the name of the service. */
  twins: Readonly<Record<string, TwinServer>>
  /** From now on the twin of a service shows a fault, so many times. */
  fault(service: string, fault: string, times?: number): Promise<void>
}

/** `wanted`: adapters by the names of their services. */
export async function servedProject(
  wanted: Readonly<Record<string, string>>,
): Promise<ServedProject> {
  const made = await project()
  const twins: Record<string, TwinServer> = {}
  for (const [name, id] of Object.entries(wanted)) {
    const { twin } = await adapterNamed(id)
    const server = await startTwin(twin, {})
    onTestFinished(server.close)
    twins[name] = server
    const service = { name, adapter: id, values: server.config, test: 'skip' as const }
    await withAppIn(made.folder, (app) => addService(app, { ...service, say: () => undefined }))
  }
  return {
    ...made,
    twins,
    async fault(service, fault, times = 1) {
      const body = JSON.stringify({ fault, times })
      await fetch(`${twins[service]?.url}/_twin/faults`, { method: 'POST', body })
    },
  }
}
