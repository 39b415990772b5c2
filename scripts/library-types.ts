/**
 * The types of the library, for dist/lib.d.cts: src/lib-types.ts with the operations written out from the schemas of the
 * kinds. Whoever uses them needs neither our sources nor the library that the schemas are made with.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Kind } from '../src/core/kind.ts'
import { kinds } from '../src/core/kinds/index.ts'

type Node = {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Node[]
  oneOf?: Node[]
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: Node | boolean
  items?: Node
  description?: string
}

export function libraryTypes(): string {
  const source = readFileSync(join(import.meta.dirname, '../src/lib-types.ts'), 'utf8')
  const rest = source.replace(/^import type .*\n/gm, '')
  // `await using` is younger than what many projects compile for.
  return `/// <reference lib="esnext.disposable" />\n${rest}\n/** Every operation by its name with its kind. */\nexport type Operations = {\n${operations()}}\n`
}

const operations = (): string =>
  Object.values<Kind>(kinds)
    .flatMap((kind) =>
      Object.entries(kind.operations).map(([name, { summary, input, output, item }]) =>
        [
          `  /** ${summary}. */`,
          `  '${kind.id}.${name}': {`,
          `    input: ${typeOf(nodeOf(input, 'input'), '    ')}`,
          `    output: ${typeOf(nodeOf(output, 'output'), '    ')}`,
          `    item: ${item ? typeOf(nodeOf(item, 'output'), '    ') : 'never'}`,
          '  }\n',
        ].join('\n'),
      ),
    )
    .join('')

const nodeOf = (schema: z.ZodType, io: 'input' | 'output'): Node =>
  z.toJSONSchema(schema, { io, unrepresentable: 'throw' }) as Node

function typeOf(node: Node, indent: string): string {
  const types = Array.isArray(node.type) ? node.type.map((type) => ({ ...node, type })) : undefined
  const branches = node.anyOf ?? node.oneOf ?? types
  if (branches) return [...new Set(branches.map((each) => typeOf(each, indent)))].join(' | ')
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum) return node.enum.map((each) => JSON.stringify(each)).join(' | ')
  switch (node.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return node.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return listOf(typeOf(node.items ?? {}, indent))
    case 'object':
      return groupOf(node, indent)
    case undefined:
      return 'unknown'
    default:
      throw new Error(`no type for ${JSON.stringify(node)}`)
  }
}

const listOf = (item: string): string =>
  / \| (?![^{]*\})/.test(item) ? `(${item})[]` : `${item}[]`

function groupOf({ properties, required = [], additionalProperties }: Node, indent: string) {
  if (!properties) {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {}
    return `Record<string, ${typeOf(values, indent)}>`
  }
  const inner = `${indent}  `
  const lines = Object.entries(properties).flatMap(([name, node]) => [
    ...(node.description ? [`${inner}/** ${node.description.replaceAll('*/', '')}. */`] : []),
    `${inner}${name}${required.includes(name) ? '' : '?'}: ${typeOf(node, inner)}`,
  ])
  return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('\n')}\n${indent}}`
}
