import { isoOf } from './dates.ts'
import type { Detected } from './decode.ts'
import type { CommerceHeader } from './records.ts'

export type HeaderFacts = { file: string; detected: Detected }

/** The root element as a record. Nothing in it is worth failing for. */
export function toHeader(
  attributes: Record<string, string>,
  { detected }: HeaderFacts,
): CommerceHeader {
  const formedAt = attributes['ДатаФормирования']
  return {
    type: 'header',
    version: attributes['ВерсияСхемы'],
    namespace: namespaceOf(attributes),
    formedAt,
    formedAtIso: formedAt === undefined ? undefined : (isoOf(formedAt) ?? undefined),
    id: attributes['Ид']?.trim() || undefined,
    attributes: { ...attributes },
    encoding: detected.encoding,
    hasBom: detected.hasBom,
  }
}

/** The default namespace, else the first that a prefix stands for and that 1C could mean. */
function namespaceOf(attributes: Record<string, string>): string | undefined {
  if (attributes['xmlns'] !== undefined) return attributes['xmlns']
  return Object.entries(attributes).find(
    ([name, value]) => name.startsWith('xmlns:') && value.startsWith('urn:1C.ru:commerceml'),
  )?.[1]
}
