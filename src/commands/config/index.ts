import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { registerBundle } from './bundle.ts'
import { registerCheck } from './check.ts'
import { registerDiff } from './diff.ts'
import { registerExplain } from './explain.ts'
import { registerHistory } from './history.ts'
import { registerRestore } from './restore.ts'
import { registerRollback } from './rollback.ts'

/** In the order in which the help shows them. */
const subcommands = [
  registerCheck,
  registerExplain,
  registerHistory,
  registerDiff,
  registerRollback,
  registerBundle,
  registerRestore,
]

export function registerConfig(program: Command, cli: Cli): void {
  const config = program.command('config').summary('Look after integrations.yaml')
  for (const register of subcommands) register(config, cli)
}
