import { z } from 'zod'

/** What happens to a call that no service can take. */
const policy = {
  when_unavailable: z.enum(['queue', 'fail', 'cached']),
  queue_for_ms: z.int().describe('How long a queued call is tried'),
  stale_for_ms: z
    .int()
    .describe('How old an answer may be that stands in for an unreachable service'),
}

export type RoutePolicy = z.infer<z.ZodObject<typeof policy>>

/** A service of a route, as it stands now. */
export const RouteService = z.strictObject({
  service: z.string(),
  adapter: z.string(),
  priority: z.int().describe('The lowest number is asked first'),
  weight: z.int().describe('Equal priorities share the calls by weight'),
  usable: z.boolean().describe('It would be asked now, when its turn comes'),
  order: z
    .int()
    .nullable()
    .describe('1 is asked first; those that share the calls have the same; null: not asked'),
  share: z.number().nullable().describe('Of the calls, 0 to 1, while nothing fails'),
  why: z.string().nullable().describe('Why it is not asked, or what is out of the ordinary'),
  until: z.iso.datetime().nullable().describe('When it may be asked again by itself'),
})

export type RouteService = z.infer<typeof RouteService>

export const RouteExplanation = z.strictObject({
  kind: z.string(),
  operation: z.string().nullable().describe('What was asked about; null: any'),
  services: z.array(RouteService).describe('In the order in which they are asked'),
  ...policy,
})

export type RouteExplanation = z.infer<typeof RouteExplanation>

export const RouteSimulation = z.strictObject({
  kind: z.string(),
  calls: z.int(),
  seed: z.int().describe('Gives the same split again'),
  services: z.array(
    z.strictObject({
      service: z.string(),
      priority: z.int(),
      weight: z.int(),
      down: z.boolean().describe('Named by --down, or it cannot be asked now'),
      why: z.string().nullable().describe('Why it is down; null: it is not'),
      asked: z.int(),
      served: z.int(),
      share: z.number().describe('Of the calls that it served, 0 to 1'),
    }),
  ),
  unserved: z.int().describe('Calls that no service took'),
  ...policy,
})

export type RouteSimulation = z.infer<typeof RouteSimulation>
