import { CaravanError } from '../../core/errors.ts'
import type { Kind, OperationShape } from '../../core/kind.ts'
import { kinds } from '../../core/kinds/index.ts'
import { nearest, propose } from '../../core/nearest.ts'

/** An operation as it is called by its name: `sms.send`. */
export type NamedOperation = {
  /** With the kind in front. */
  name: string
  kind: Kind
  /** Its own name alone. */
  operation: string
  shape: OperationShape
}

/** Every operation of every kind, in the order of the help. */
export const listOperations = (): NamedOperation[] =>
  Object.values<Kind>(kinds).flatMap((kind) =>
    Object.entries(kind.operations).map(([operation, shape]) => ({
      name: `${kind.id}.${operation}`,
      kind,
      operation,
      shape,
    })),
  )

/** Throws `kind_unknown` or `operation_unknown` with the nearest right word. */
export function operationNamed(name: string): NamedOperation {
  const all = listOperations()
  const found = all.find((each) => each.name === name)
  if (found) return found
  const [kindId = ''] = name.split('.')
  const ofKind = all.filter(({ kind }) => kind.id === kindId)
  if (ofKind.length > 0) throw unknownOperation(name, kindId, ofKind)
  const names = all.map((each) => each.name)
  // `send` alone: the kind was left out.
  const short = all.find(({ operation }) => operation.toLowerCase() === name.toLowerCase())
  throw new CaravanError({
    code: 'kind_unknown',
    message: name.includes('.')
      ? `there is no kind of service named ${kindId}`
      : `${name} is no operation: an operation is named with its kind, such as sms.send`,
    hint: propose(
      short?.name ?? nearest(name, name.includes('.') ? names : [...names, ...Object.keys(kinds)]),
      '"caravan kinds" lists them.',
    ),
  })
}

function unknownOperation(
  name: string,
  kindId: string,
  ofKind: readonly NamedOperation[],
): CaravanError {
  const names = ofKind.map((each) => each.name)
  const [, operation] = name.split('.')
  return new CaravanError({
    code: 'operation_unknown',
    message: operation
      ? `there is no operation named ${name}`
      : `${kindId} is a kind of service: name one of its operations too`,
    hint: propose(
      operation ? nearest(name, names) : undefined,
      `${kindId} has: ${names.join(', ')}.`,
    ),
    see: `caravan kinds ${kindId}`,
  })
}
