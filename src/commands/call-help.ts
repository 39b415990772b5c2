import type { OperationInfo } from '../app/kinds.ts'
import { wrap } from './output/wrap.ts'

/** The operations of all kinds, a line each, as a section of the help. */
export async function listHelp(width: number): Promise<string> {
  const { operationsOf } = await import('../app/kinds.ts')
  const items = operationsOf().map(({ name, shape }) => [name, shape.summary] as const)
  return `Operations:\n${listed(items, width)}`
}

/** What one operation takes, who serves it, and a line to begin with. */
export function operationHelp(info: OperationInfo, example: string, width: number): string {
  const { operation, summary, effect, inputs } = info
  const parts = [
    `${operation}:\n${listed([['what', summary], ['effect', effectWords[effect]], ...servers(info)], width)}`,
    inputs.length > 0 && `Inputs of ${operation}:\n${listed(inputs.map(inputLine), width)}`,
    `Such as:\n  caravan call ${operation} ${example}`.trimEnd() + '\n',
  ]
  return parts.filter((part) => part !== false).join('\n')
}

export const effectWords: Readonly<Record<OperationInfo['effect'], string>> = {
  read: 'reads, changes nothing',
  write: 'changes something; asks first, or takes --yes',
  message: 'reaches people; asks first, or takes --yes',
  money: 'moves money; the amount is asked for, or given with --confirm',
}

type Item = readonly [term: string, text: string]

const inputLine = ({ name, type, required, ...rest }: OperationInfo['inputs'][number]): Item => {
  const hints = [
    rest.default !== null && `default ${rest.default}`,
    rest.example !== null && `such as ${rest.example}`,
  ].filter((hint) => hint !== false)
  const text = [
    `${type}${required ? ', needed' : ''}.`,
    rest.description,
    hints.length > 0 && `(${hints.join('; ')})`,
  ]
  return [name, text.filter(Boolean).join(' ')]
}

/** Which services can serve it, and why the others cannot. */
export function servers({ services, adapters }: OperationInfo): Item[] {
  const able = services.filter(({ serves }) => serves).map(({ service }) => service)
  const unable = services.filter(({ serves }) => !serves)
  const none =
    adapters.length > 0
      ? `no service; add one of: ${adapters.join(', ')}`
      : 'no service, and no adapter offers it'
  return [
    ['served by', able.length > 0 ? able.join(', ') : none],
    ...unable.map(({ service, why }): Item => ['not by', `${service}: ${why ?? ''}`]),
  ]
}

/** Terms and their words in two columns. */
export function listed(items: readonly Item[], width: number): string {
  const column = Math.min(28, Math.max(...items.map(([term]) => term.length))) + 4
  return items
    .map(([term, text]) => {
      const [first = '', ...rest] = wrap(text, width - column)
      const head =
        term.length + 4 > column
          ? [`  ${term}`, ' '.repeat(column) + first]
          : [`  ${term.padEnd(column - 2)}${first}`]
      return [...head, ...rest.map((line) => ' '.repeat(column) + line)]
        .map((line) => `${line.trimEnd()}\n`)
        .join('')
    })
    .join('')
}
