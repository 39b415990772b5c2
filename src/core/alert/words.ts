/** How level, title and text of an alert become one message. Escaping is the vendor's and stays in its adapter. */
import type { Alert } from '../kinds/alert.ts'
import { cutTo, type SizeOf, sizeOfText } from './cut.ts'

export type Words = {
  /** One line: `[critical] sms-main is down`. */
  head: string
  body: string
  /** True when the text had to be cut to fit. */
  cut: boolean
}

export type Room = {
  /** What head, line break and body may take together. */
  max: number
  sizeOf: SizeOf
  /** Without this word the vendor refuses the message; it is added where it is missing. */
  keyword?: string
}

/** Head and body that fit. The head stays whole as long as it can: it says what is wrong. */
export function wordsOf(alert: Alert, room: Room): Words {
  const head = `[${alert.level}] ${alert.title.replace(/\s+/g, ' ')}`
  const words = fit(head, alert.text, room)
  const { keyword } = room
  if (!keyword || plainText(words).includes(keyword)) return words
  return fit(`${keyword} ${head}`, alert.text, room)
}

export const plainText = ({ head, body }: Words): string =>
  body === '' ? head : `${head}\n${body}`

export const markdown = ({ head, body }: Words, escape: (text: string) => string): string =>
  `**${escape(head)}**\n\n${escape(body)}`

export const html = ({ head, body }: Words, escape: (text: string) => string): string =>
  `<b>${escape(head)}</b>\n${escape(body)}`

function fit(head: string, text: string, { max, sizeOf }: Room): Words {
  const first = cutTo(head, max, sizeOf)
  const left = max - sizeOfText(`${first.text}\n`, sizeOf)
  const rest = cutTo(text, Math.max(0, left), sizeOf)
  return { head: first.text, body: rest.text, cut: first.cut || rest.cut }
}
