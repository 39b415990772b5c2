import type { Command } from 'commander'
import type { ServiceDetails } from '../app/answers/services.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { operationOf } from './logs.ts'
import { formatAge, formatDuration, formatInstant } from './output/time.ts'
import { printRecord } from './output/print.ts'
import { describeWhy } from './output/why.ts'

export function registerShow(program: Command, cli: Cli): void {
  const command = program
    .command('show')
    .summary('Show one service: config, limits, breaker, last calls and checks')
    .argument('<service>', 'name of the service')
    .action(async (name: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const service = await cli.withApp(async (app) => {
        const { showService } = await import('../app/show-service.ts')
        return showService(app, name)
      })
      const last = service.last_success_at
      await printRecord(
        io,
        {
          data: service,
          lines: [
            ['service', service.name],
            ['adapter', describeAdapter(service)],
            ['wish', service.wish],
            ['state', [service.state, describeWhy(service, io.isUtc)].filter(Boolean).join(': ')],
            ['health', healthLine(service, io.isUtc)],
            ['breaker', service.breaker],
            ['limits', service.limits],
            ['operations', service.operations.join(', ')],
            [
              'last success',
              last && `${formatInstant(last, io.isUtc)} (${formatAge(last, cli.clock.now())})`,
            ],
            [
              'last calls',
              service.last_calls
                .map((call) =>
                  [
                    formatInstant(call.started_at, io.isUtc),
                    operationOf(call),
                    call.outcome,
                    formatDuration(call.duration_ms ?? 0),
                    call.id,
                  ].join('  '),
                )
                .join('\n'),
            ],
            [
              'last checks',
              service.last_checks
                .map((check) =>
                  [
                    formatInstant(check.at, io.isUtc),
                    check.passed ? 'passed' : 'failed',
                    formatDuration(check.duration_ms),
                    check.message,
                  ].join('  '),
                )
                .join('\n'),
            ],
            [
              'config',
              Object.entries(service.config)
                .map(([key, value]) => `${key}: ${String(value)}`)
                .join('\n'),
            ],
            ['faults', service.faults.join('\n')],
            ['docs', service.docs],
          ].map(([key, value]) => [key ?? '', value ?? ''] as const),
        },
        flags,
      )
    })
  withExamples(withJson(command), 'caravan show haier')
}

const healthLine = (it: ServiceDetails, isUtc: boolean): string =>
  it.health_from === null
    ? it.health
    : `${it.health}, by a ${it.health_from} that ended ${formatInstant(it.health_at, isUtc)}`

const describeAdapter = (it: { adapter: string; title: string; kind: string }): string =>
  it.title ? `${it.adapter} (${it.title}), kind ${it.kind}` : `${it.adapter} (unknown)`
