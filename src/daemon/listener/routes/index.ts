import type { ApiRoute } from '../route.ts'
import { callRoutes } from './calls.ts'
import { jobRoutes } from './jobs.ts'
import { serviceRoutes } from './services.ts'

/** Everything the API can be asked, in the order of its page. */
export const apiRoutes: readonly ApiRoute[] = [...serviceRoutes, ...callRoutes, ...jobRoutes]
