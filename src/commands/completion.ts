import { Argument, type Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples } from './flags.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export function registerCompletion(program: Command, cli: Cli): void {
  const command = program
    .command('completion')
    .summary('Print the script that completes words in a shell')
    .description(
      'Prints a script that completes commands, flags and the names of services, jobs and runs with the Tab key.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action(async (shell: (typeof shells)[number]) => {
      const { scriptFor } = await import('./complete/scripts.ts')
      cli.io().out(scriptFor(shell))
    })
  withExamples(
    command,
    'caravan completion bash > ~/.local/share/bash-completion/completions/caravan',
    'caravan completion zsh > ~/.zfunc/_caravan',
    'caravan completion fish > ~/.config/fish/completions/caravan.fish',
  )
}
