import { maskPersonal } from '../../calls/mask.ts'
import { changed, type IntegrationError } from '../../core/errors.ts'

const mostRows = 20

/** The same failure, with a line for each recipient that it tells of, for people; their numbers are masked. */
export function withRows(error: IntegrationError): IntegrationError {
  const rows = (error.details ?? []).flatMap((row) =>
    typeof row.to === 'string' ? [{ ...row, to: maskPersonal(row.to) }] : [],
  )
  const [first] = rows
  if (!first) return error
  if (rows.length === 1) return changed(error, { message: `${first.to}: ${error.message}` })
  const more = rows.length - mostRows
  const lines = [
    ...rows.slice(0, mostRows).map(lineOf),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ]
  return changed(error, { message: [`${error.message}:`, ...lines].join('\n') })
}

type Row = Readonly<Record<string, unknown>> & { to: string }

function lineOf({ to, message, error, kind, code }: Row): string {
  const what = [kind, code].filter((each) => typeof each === 'string' && each !== '').join(', ')
  return `  ${to}: ${String(message ?? error ?? '')}${what && ` (${what})`}`
}
