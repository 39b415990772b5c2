import type { Argument, Command } from 'commander'
import { registerAdd } from './add.ts'
import { registerAdapters } from './adapters.ts'
import { registerAlerts } from './alerts.ts'
import { registerBackup } from './backup.ts'
import { registerBreaker } from './breaker.ts'
import { registerClean } from './clean.ts'
import { registerCall } from './call.ts'
import type { Cli } from './cli.ts'
import { registerConfig } from './config/index.ts'
import { registerCompletion } from './completion.ts'
import { registerEdit } from './edit.ts'
import { registerExplain } from './explain.ts'
import { registerDaemon } from './daemon.ts'
import { registerDoctor } from './doctor.ts'
import { registerExport } from './export.ts'
import { registerImport } from './import.ts'
import { registerHooks } from './hooks.ts'
import { registerInit } from './init.ts'
import { registerJobs } from './jobs.ts'
import { registerKey } from './key.ts'
import { registerKinds } from './kinds.ts'
import { registerList } from './list.ts'
import { registerLogs } from './logs.ts'
import { registerMetrics } from './metrics.ts'
import { registerQueue } from './queue.ts'
import { registerRemove } from './remove.ts'
import { registerRoute } from './route.ts'
import { registerRuns } from './runs.ts'
import { registerSandbox } from './sandbox.ts'
import { registerSecret } from './secret.ts'
import { registerShow } from './show.ts'
import { registerStatus } from './status.ts'
import { registerSwitches } from './switches.ts'
import { registerSync } from './sync.ts'
import { registerTest } from './test.ts'
import { registerToken } from './token.ts'

/** In the order in which the help shows them: as a newcomer meets them. */
const groups: [title: string, commands: ((program: Command, cli: Cli) => void)[]][] = [
  ['First steps:', [registerInit, registerAdapters, registerAdd, registerSandbox]],
  [
    'Services:',
    [
      registerList,
      registerShow,
      registerTest,
      registerEdit,
      registerSwitches,
      registerRoute,
      registerBreaker,
      registerRemove,
    ],
  ],
  ['Calls:', [registerCall, registerKinds, registerQueue, registerHooks]],
  ['Secrets and configuration:', [registerSecret, registerKey, registerToken, registerConfig]],
  ['Data:', [registerSync, registerImport, registerExport]],
  ['Schedules:', [registerDaemon, registerJobs]],
  [
    'What happened, and what is wrong:',
    [registerStatus, registerAlerts, registerMetrics, registerRuns, registerLogs, registerDoctor],
  ],
  ['Upkeep of the state:', [registerBackup, registerClean]],
  ['Help:', [registerExplain, registerCompletion]],
]

export function registerCommands(program: Command, cli: Cli): void {
  for (const [title, commands] of groups) {
    program.commandsGroup(title)
    for (const register of commands) register(program, cli)
  }
  program.helpCommand(true) // a member of the last group too
  describe(program)
}

/** A command as a list of commands names it: with its arguments. Its flags its own help says. */
export const termOf = (command: Command): string =>
  [command.name(), ...command.registeredArguments.map(placeOf)].join(' ')

function placeOf(argument: Argument): string {
  const text = `${argument.name()}${argument.variadic ? '…' : ''}`
  return argument.required ? `<${text}>` : `[${text}]`
}

/** The help of a command begins with what the list of commands says of it, unless there is more to say. */
function describe(command: Command): void {
  for (const child of command.commands) {
    if (!child.description()) child.description(child.summary())
    describe(child)
  }
}
