/** How many webhooks this process has refused, by service; under an empty name those for services that are none. */
const counts = new Map<string, number>()

export const countRefused = (service: string): void =>
  void counts.set(service, (counts.get(service) ?? 0) + 1)

export const refusedHooks = (): ReadonlyMap<string, number> => counts
