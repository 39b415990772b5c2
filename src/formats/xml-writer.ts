/** Writes XML as text, piece by piece. Elements without content are left out, so optional parts need no questions. */

/** Values that are undefined are left out. */
export type XmlAttributes = Readonly<Record<string, string | undefined>>

export type XmlWriter = {
  /** Opens an element. It appears in the output with its first content, or never. */
  begin(name: string, attributes?: XmlAttributes): void
  /** Closes the innermost open element. */
  end(): void
  /** An element with text, which must be clean (`cleanXmlText`); empty text gives an empty element. */
  leaf(name: string, text: string, attributes?: XmlAttributes): void
  /** Makes the open elements appear although they may stay empty. */
  force(): void
  /** How many UTF-16 units wait in the buffer. */
  length(): number
  /** What was written since the last time. */
  take(): string
}

export type XmlWriterOptions = {
  /** Begins the text with a byte order mark. */
  bom: boolean
}

export function createXmlWriter({ bom }: XmlWriterOptions): XmlWriter {
  let buffer = `${bom ? '\ufeff' : ''}<?xml version="1.0" encoding="UTF-8"?>\n`
  const open: { name: string; tag: string }[] = []
  let shown = 0

  function force(): void {
    while (shown < open.length) {
      buffer += `${indent(shown)}<${open[shown]?.tag}>\n`
      shown += 1
    }
  }

  return {
    begin(name, attributes) {
      open.push({ name, tag: attributes ? name + attributesText(attributes) : name })
    },
    end() {
      const element = open.pop()
      if (element === undefined || shown <= open.length) return
      shown -= 1
      buffer += `${indent(shown)}</${element.name}>\n`
    },
    leaf(name, text, attributes) {
      force()
      const tag = attributes ? name + attributesText(attributes) : name
      buffer +=
        text === ''
          ? `${indent(shown)}<${tag}/>\n`
          : `${indent(shown)}<${tag}>${escapeText(text)}</${name}>\n`
    },
    force,
    length: () => buffer.length,
    take() {
      const text = buffer
      buffer = ''
      return text
    },
  }
}

/** The text without the characters that XML 1.0 has no way to write, lone surrogates among them. */
export const cleanXmlText = (text: string): string =>
  suspect.test(text) ? text.replace(allForbidden, '') : text

/** Whether anything is left of a text to write. */
export const hasText = (text: string | undefined): text is string =>
  text !== undefined && cleanXmlText(text).trim() !== ''

// https://www.w3.org/TR/xml/#charsets
const forbiddenSet = String.raw`[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]`
/** Any surrogate is suspect; whether it is a lone one is found out by the slower `allForbidden`. */
const suspect = new RegExp(
  forbiddenSet.replace(String.raw`\p{Surrogate}`, String.raw`\ud800-\udfff`),
)
const allForbidden = new RegExp(forbiddenSet, 'gu')

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser turns a bare carriage return into a line feed, and any blank of an attribute into a space.
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}

const escapeText = (text: string): string =>
  /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (mark) => references[mark] ?? mark) : text

const escapeAttribute = (text: string): string =>
  /[&<>"\r\n\t]/.test(text)
    ? text.replace(/[&<>"\r\n\t]/g, (mark) => references[mark] ?? mark)
    : text

function attributesText(attributes: XmlAttributes): string {
  let text = ''
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) text += ` ${name}="${escapeAttribute(value)}"`
  }
  return text
}

const indents = Array.from({ length: 16 }, (_, level) => '\t'.repeat(level))
const indent = (level: number): string => indents[level] ?? '\t'.repeat(level)
