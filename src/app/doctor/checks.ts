import { alerts } from './alerts.ts'
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { config } from './config.ts'
import { state, writeAhead } from './databases.ts'
import { disk } from './disk.ts'
import { files } from './files.ts'
import { integrity } from './integrity.ts'
import { jobs } from './jobs.ts'
import { key } from './key.ts'
import { leftovers } from './leftovers.ts'
import { literals } from './literals.ts'
import { platform } from './platform.ts'
import { proxies } from './proxies.ts'
import { runs } from './runs.ts'
import { schema } from './schema.ts'
import { secrets } from './secrets.ts'
import { services } from './services.ts'
import { size } from './size.ts'

/** In the order in which they are shown: from what everything rests on to what goes on. Adding one is one line. */
export const checks: readonly Check[] = [
  platform,
  disk,
  clock,
  files,
  leftovers,
  config,
  literals,
  state,
  integrity,
  schema,
  writeAhead,
  size,
  key,
  secrets,
  proxies,
  services,
  jobs,
  runs,
  alerts,
]
