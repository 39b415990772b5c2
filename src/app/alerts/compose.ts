/** What a channel is to post, out of what it has to tell. */
import { hash } from 'node:crypto'
import type { AlertLevel } from '../../core/kinds/alert.ts'
import { counted } from '../../core/words.ts'
import type { PendingAlert } from '../../store/alert-deliveries.ts'
import type { Severity } from '../../store/alerts.ts'
import { instantText } from './words.ts'

export type Message = {
  title: string
  text: string
  level: AlertLevel
  /** The same for the same words about the same alerts: what was delivered is not delivered again under it. */
  key: string
  /** What is told by it. */
  tells: readonly PendingAlert[]
}

const levels: Readonly<Record<Severity, AlertLevel>> = {
  low: 'info',
  medium: 'warning',
  high: 'critical',
}

/**
 * Several tellings of one thing become one, the latest. Up to `digestOver` pieces of news are a message each, more are
 * one. `from` says where the alerts come from, such as the name of the host.
 */
export function composeMessages(
  pending: readonly PendingAlert[],
  { digestOver, from }: { digestOver: number; from: string },
): Message[] {
  const news = [...Map.groupBy(pending, ({ rule, subject }) => `${rule}\n${subject}`).values()]
  if (news.length > digestOver) return [digestOf(news, from)]
  return news.map((tells) => messageOf(tells, from))
}

/** All of one rule and subject, oldest first. */
type News = readonly PendingAlert[]

function messageOf(tells: News, from: string): Message {
  const { latest, title, level } = gist(tells)
  const lines = [
    latest.detail,
    latest.status === 'firing' && `What to do: ${latest.todo}`,
    times(tells),
    `${latest.rule}, ${latest.severity}, from ${from}. More: caravan alerts show ${latest.id}`,
  ]
  return made({ title, level, text: lines.filter(Boolean).join('\n'), tells })
}

/** How many pieces of news a digest names; the others are counted. */
const named = 30

function digestOf(news: readonly News[], from: string): Message {
  const gists = news.map(gist)
  const firing = gists.filter(({ latest }) => latest.status === 'firing')
  const over = gists.length - firing.length
  const heads = [
    firing.length > 0 && `${firing.length} firing`,
    over > 0 && `${over} resolved`,
  ].filter(Boolean)
  const worst = order.find((level) => gists.some((each) => each.level === level)) ?? 'info'
  const shown = gists
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
    .slice(0, named)
    .map(({ title, latest }) =>
      latest.status === 'firing' ? `- ${title}\n  ${latest.todo}` : `- ${title}`,
    )
  const rest = gists.length - shown.length
  return made({
    title: `${counted(gists.length, 'alert')}: ${heads.join(', ')}`,
    level: worst,
    text: [...shown, rest > 0 && `and ${rest} more`, `From ${from}. More: caravan alerts`]
      .filter(Boolean)
      .join('\n'),
    tells: news.flat(),
  })
}

const order: readonly AlertLevel[] = ['critical', 'warning', 'info']

function gist(tells: News): { latest: PendingAlert; title: string; level: AlertLevel } {
  const latest = tells.at(-1)
  if (!latest) throw new Error('news of nothing')
  const isOver = latest.status === 'resolved'
  return {
    latest,
    title: oneLine(isOver ? `Resolved: ${latest.title}` : latest.title),
    level: isOver ? 'info' : levels[latest.severity],
  }
}

function times(tells: News): string {
  const fired = tells.filter(({ tell }) => tell === 'fired')
  const [first] = tells
  const latest = tells.at(-1)
  const often = fired.length > 1 ? `Fired ${fired.length} times, first at` : 'Since'
  const since = `${often} ${instantText(first?.firedAt ?? '')}`
  return latest?.resolvedAt ? `${since}, over at ${instantText(latest.resolvedAt)}.` : `${since}.`
}

const longestTitle = 200

const oneLine = (text: string): string => {
  const line = text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim()
  const letters = [...line]
  return letters.length > longestTitle / 2
    ? `${letters.slice(0, longestTitle / 2 - 1).join('')}…`
    : line
}

function made(message: Omit<Message, 'key'>): Message {
  const { title, text, level, tells } = message
  const ids = tells.map(({ id, tell }) => `${id} ${tell}`)
  const words = hash('sha256', JSON.stringify([ids, title, text, level])).slice(0, 16)
  const [only] = tells
  const name = tells.length === 1 && only ? `${only.id}-${only.tell}` : 'digest'
  return { ...message, key: `alert-${name}-${words}` }
}
