import type { CallPath } from '../calls/path.ts'
import type { Service } from '../calls/call.ts'
import type { CallOptions, Client, Kind, Sink } from '../core/kind.ts'

/** A service as a job sees it: one function for each operation of its kind, every call logged under the run. */
export function clientOf(
  path: CallPath,
  service: Service,
  kind: Kind,
  runId: string,
): Client<Kind> {
  const names = Object.entries(kind.operations)
  return Object.fromEntries(
    names.map(([name, { item }]) => [
      name,
      item
        ? (input: unknown, sink: Sink<unknown>, options?: CallOptions) =>
            path.call(service, name, input, { ...options, sink, runId })
        : (input: unknown, options?: CallOptions) =>
            path.call(service, name, input, { ...options, runId }),
    ]),
  ) as Client<Kind>
}
