/**
 * What commands print with `--json`, by the words of the command. These schemas are published (docs/json) and the types
 * of the use cases are read from them, so that none can change without the others. Only tests and the generator load
 * this file: at run time the types are enough.
 */
import { z } from 'zod'
import { AdapterInfo } from './adapters.ts'
import { backupOrRehearsal, CleanReport, RestoreReport } from './backup.ts'
import { BreakerInfo, BreakerReset } from './breakers.ts'
import { BundleReport, ConfigRestored } from './bundle.ts'
import { callOrRehearsal } from './call.ts'
import { CallDetails, CallInfo } from './calls.ts'
import {
  ConfigDiff,
  ConfigExplanation,
  ConfigReport,
  ConfigVersionInfo,
  RollbackResult,
} from './config.ts'
import { DoctorAnswer } from './doctor.ts'
import { Explained } from './explain.ts'
import { EditedService } from './edit.ts'
import { ExportResult, ProductRow } from './exports.ts'
import { JobInfo } from './jobs.ts'
import { OperationInfo } from './kinds.ts'
import { AddedSlot, KeySlotInfo, RemovedSlot, RotatedKey } from './keys.ts'
import { Project, Status } from './project.ts'
import { RouteExplanation, RouteSimulation } from './routes.ts'
import {
  CallState,
  ChangedQueue,
  QueuedCall,
  QueuedDetails,
  SentCall,
  SettledCall,
} from './queue.ts'
import { RunDetails, RunInfo, RunReport } from './runs.ts'
import { SecretInfo } from './secrets.ts'
import { AddedService, ServiceDetails, ServiceInfo, SwitchResult } from './services.ts'
import { TestResult } from './test.ts'

/** A list is printed as one object with the rows under a name; `--output jsonl` prints the rows alone. */
const list = (name: string, row: z.ZodType): z.ZodType => z.strictObject({ [name]: z.array(row) })

export const answers: Readonly<Record<string, z.ZodType>> = {
  init: Project,
  adapters: list('adapters', AdapterInfo),
  add: AddedService,
  edit: EditedService,
  list: list('services', ServiceInfo),
  show: ServiceDetails,
  test: list('results', TestResult),
  disable: SwitchResult,
  enable: SwitchResult,
  'route explain': RouteExplanation,
  'route simulate': RouteSimulation,
  'breaker list': list('breakers', BreakerInfo),
  'breaker trip': BreakerInfo,
  'breaker reset': BreakerReset,
  'config check': ConfigReport,
  'config explain': ConfigExplanation,
  'config history': list('versions', ConfigVersionInfo),
  'config diff': ConfigDiff,
  'config rollback': RollbackResult,
  sync: RunReport,
  'import 1c': RunReport,
  'config bundle': BundleReport,
  'config restore': ConfigRestored,
  'secret list': list('secrets', SecretInfo),
  'export 1c-catalog': ExportResult,
  'export 1c-customers': ExportResult,
  'export products': z.array(ProductRow),
  jobs: list('jobs', JobInfo),
  'runs list': list('runs', RunInfo),
  'runs show': RunDetails,
  'logs list': list('calls', CallInfo),
  'logs show': CallDetails,
  status: Status,
  explain: list('codes', Explained),
  backup: backupOrRehearsal,
  restore: RestoreReport,
  clean: CleanReport,
  doctor: DoctorAnswer,
  call: callOrRehearsal,
  'call result': CallState,
  'queue list': list('calls', QueuedCall),
  'queue show': QueuedDetails,
  'queue retry': ChangedQueue,
  'queue drop': ChangedQueue,
  'queue settle': SettledCall,
  'queue send': list('calls', SentCall),
  kinds: list('operations', OperationInfo),
  'key list': list('slots', KeySlotInfo),
  'key add': AddedSlot,
  'key remove': RemovedSlot,
  'key rotate': RotatedKey,
}
