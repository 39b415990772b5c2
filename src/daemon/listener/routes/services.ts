import { z } from 'zod'
import { type ApiRoute, defineRoute } from '../route.ts'
import { durationText, reasonText } from './fields.ts'

export const serviceRoutes: ApiRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/integrations/services',
    scope: 'read',
    summary: 'The services of the config, and whether each is in use',
    answer: 'list',
    async run({ app }) {
      const { listServices } = await import('../../../app/list-services.ts')
      const { services } = await listServices(app)
      return { data: { services } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/integrations/services/{name}',
    scope: 'read',
    summary: 'One service: its state, limits, breaker and last calls',
    notes: 'Secrets in its config are hidden.',
    answer: 'show',
    async run({ app }, { path }) {
      const { showService } = await import('../../../app/show-service.ts')
      return { data: await showService(app, path.name ?? '') }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/integrations/services/{name}/enable',
    scope: 'admin',
    summary: 'Switch a service on again',
    answer: 'enable',
    async run({ app }, { path }) {
      const { enableService } = await import('../../../app/switches.ts')
      return { data: await enableService(app, path.name ?? '') }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/integrations/services/{name}/disable',
    scope: 'admin',
    summary: 'Switch a service off, for every process, at once',
    answer: 'disable',
    body: z.strictObject({
      reason: reasonText.optional().describe('Why, for those who see it'),
      for: durationText
        .optional()
        .describe('Switches it on again after this time, such as 2h; left out: somebody does'),
    }),
    async run({ app }, { path, body }) {
      const { disableService } = await import('../../../app/switches.ts')
      return { data: await disableService(app, path.name ?? '', body) }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/integrations/services/{name}/test-connection',
    scope: 'call',
    summary: 'Test the connection of one service, step by step',
    notes:
      'Asks the vendor something harmless. A test that failed is an answer too: its status is 200 and its `result` is `failed`.',
    answer: 'test',
    body: z.strictObject({
      deadline: durationText.optional().describe('For all of it; left out: 60s'),
    }),
    async run({ app }, { path, body }) {
      const { testServices } = await import('../../../app/test/index.ts')
      const { results } = await testServices(app, { which: [path.name ?? ''], ...body })
      return { data: { results } }
    },
  }),
]
