/**
 * What commands print with `--json`, by the words of the command. These schemas are published (docs/json) and the types
 * of the use cases are read from them, so that none can change without the others. Only tests and the generator load
 * this file: at run time the types are enough.
 */
import { z } from 'zod'
import { AdapterInfo } from './adapters.ts'
import {
  AlertDetails,
  AlertInfo,
  AlertRuleInfo,
  ChannelTest,
  EndedSilence,
  SilenceInfo,
} from './alerts.ts'
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
import { DaemonAnswer } from './daemon.ts'
import { DoctorAnswer } from './doctor.ts'
import { Explained } from './explain.ts'
import { EditedService } from './edit.ts'
import { ExportResult, ProductRow } from './exports.ts'
import { HookAddress, HookDetails, HookInfo, ReplayedHooks } from './hooks.ts'
import { JobExplanation, JobInfo, OccurrenceInfo, PausedJob } from './jobs.ts'
import { OperationInfo } from './kinds.ts'
import { AddedSlot, KeySlotInfo, RemovedSlot, RotatedKey } from './keys.ts'
import { Metrics } from './metrics.ts'
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
import { CancelledRun, RunDetails, RunInfo, RunReport } from './runs.ts'
import { SecretInfo } from './secrets.ts'
import { AddedService, ServiceDetails, ServiceInfo, SwitchResult } from './services.ts'
import { TestResult } from './test.ts'
import { CreatedToken, RevokedToken, TokenInfo } from './tokens.ts'

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
  'jobs list': list('jobs', JobInfo),
  'jobs explain': JobExplanation,
  'jobs run': RunReport,
  'jobs pause': PausedJob,
  'jobs resume': PausedJob,
  'jobs missed': list('occurrences', OccurrenceInfo),
  'jobs ledger': list('occurrences', OccurrenceInfo),
  'runs cancel': CancelledRun,
  'runs list': list('runs', RunInfo),
  'runs show': RunDetails,
  'logs list': list('calls', CallInfo),
  'logs show': CallDetails,
  status: Status,
  metrics: Metrics,
  'alerts list': list('alerts', AlertInfo),
  'alerts show': AlertDetails,
  'alerts rules': list('rules', AlertRuleInfo),
  'alerts test': list('channels', ChannelTest),
  'alerts silence': SilenceInfo,
  'alerts silences': list('silences', SilenceInfo),
  'alerts unsilence': EndedSilence,
  explain: list('codes', Explained),
  backup: backupOrRehearsal,
  restore: RestoreReport,
  clean: CleanReport,
  daemon: DaemonAnswer,
  doctor: DoctorAnswer,
  call: callOrRehearsal,
  'call result': CallState,
  'queue list': list('calls', QueuedCall),
  'queue show': QueuedDetails,
  'queue retry': ChangedQueue,
  'queue drop': ChangedQueue,
  'queue settle': SettledCall,
  'queue send': list('calls', SentCall),
  'hooks list': list('hooks', HookInfo),
  'hooks show': HookDetails,
  'hooks replay': ReplayedHooks,
  'hooks addresses': list('addresses', HookAddress),
  kinds: list('operations', OperationInfo),
  'key list': list('slots', KeySlotInfo),
  'key add': AddedSlot,
  'key remove': RemovedSlot,
  'key rotate': RotatedKey,
  'token list': list('tokens', TokenInfo),
  'token create': CreatedToken,
  'token revoke': RevokedToken,
}
