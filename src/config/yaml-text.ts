import { Document, Scalar, visit } from 'yaml'
import type { ToStringOptions } from 'yaml'

/** How new text shall look so that it fits the text around it. */
export type Style = { eol: '\n' | '\r\n'; indent: number }

/** `key: value` as lines of block style, without line ends, starting at column 0. */
export const blockLines = (
  key: string,
  value: unknown,
  { indent }: Pick<Style, 'indent'>,
): string[] => written({ [key]: value }, { indent }).split('\n')

/** `key: value` as it stands between the braces of `{ … }`. */
export const flowPair = (key: string, value: unknown): string =>
  written({ [key]: value }, { collectionStyle: 'flow' })
    .slice(1, -1)
    .trim()

/** A value on one line: a scalar, or a collection in flow style. */
export const flowValue = (value: unknown): string =>
  written([value], { collectionStyle: 'flow' }).slice(1, -1).trim()

/** A scalar of block style: `key: ` comes before it. New text keeps the quotes that the old one had. */
export function blockScalar(value: unknown, oldSource: string): string {
  if (typeof value === 'string' && !unusual.test(value)) {
    if (oldSource.startsWith("'")) return `'${value.replaceAll("'", "''")}'`
    if (oldSource.startsWith('"')) return JSON.stringify(value)
  }
  return written({ k: value }, {}).slice(2).trimStart()
}

/** What the plain and single-quoted styles fold, break or cannot hold. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const unusual = /[\0-\x1f\x7f-\xa0\u2028\u2029\ufeff]|^\s|\s$/

/** Every scalar on one line, so that lines can be indented and cut without touching a value. */
function written(value: unknown, options: ToStringOptions): string {
  const document = new Document(value)
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && unusual.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE
    },
  })
  const text = document.toString({
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    ...options,
  })
  return text.trimEnd()
}
