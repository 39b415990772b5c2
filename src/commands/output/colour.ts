import type { Io } from './io.ts'

/** What a piece of text means; the colour follows from it and is never the only sign. */
export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong'

export type Paint = (tone: Tone, text: string) => string

const plain: Paint = (_, text) => text

/** How the status of a run looks everywhere. Partial and interrupted ask for a look, the rest has failed. */
export function toneOf(status: string | null): Tone | undefined {
  if (status === null || status === 'running') return undefined
  if (status === 'success') return 'good'
  return status === 'partial' || status === 'interrupted' ? 'warn' : 'bad'
}

/** chalk is loaded only where colours are shown. */
export async function paintFor(io: Pick<Io, 'isColoured'>): Promise<Paint> {
  if (!io.isColoured) return plain
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  const tones = {
    good: chalk.green,
    bad: chalk.red,
    warn: chalk.yellow,
    dim: chalk.dim,
    strong: chalk.bold,
  }
  return (tone, text) => tones[tone](text)
}
