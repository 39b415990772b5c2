import { isAbsolute, relative, sep } from 'node:path'
import type { TestResult } from '../../app/test/index.ts'

/**
 * Annotations on the line of each service. Nothing is said of those that are well. The words:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function toAnnotations(results: readonly TestResult[], file: string): string {
  return results
    .flatMap((result) => {
      const { service, line, cause, warnings } = result
      const at = (title: string) => ({ file, line: String(line), title })
      const lines = warnings.map((warning) => annotation('warning', at(service), warning))
      if (result.ok) return lines
      return [
        ...lines,
        annotation('error', at(`${service}: ${cause ?? 'internal'}`), textOf(result)),
      ]
    })
    .join('')
}

/** The file as GitHub knows it: from the root of the repository, with slashes. */
export function pathInRepository(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const path = relative(env.GITHUB_WORKSPACE || process.cwd(), file)
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/')
}

function textOf({ detail, next, call }: TestResult): string {
  return [detail, next, call && `More: caravan logs show ${call}`].filter(Boolean).join('\n')
}

function annotation(
  command: 'error' | 'warning',
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`)
  return `::${command} ${list.join(',')}::${escapeData(message)}\n`
}

/** Everything that could end the line is written as it must be; so no text of a vendor begins a command of its own. */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
