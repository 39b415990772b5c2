import type { Clock } from '../../core/clock.ts'
import type { Io } from './io.ts'
import { formatCount } from './numbers.ts'
import { shorten, stringWidth } from './table.ts'
import { formatDuration } from './time.ts'

type Measured = { done: number; total?: number; unit: string }

export type ProgressView = {
  update(progress: Measured): void
  end(): void
}

const redrawMs = 100
const firstLineMs = 5_000
const longestLineMs = 300_000

/** A bar on a terminal; elsewhere one line at growing intervals; nothing when quiet. */
export function showProgress(io: Io, clock: Clock, title: string): ProgressView {
  if (io.isQuiet) return { update: () => undefined, end: () => undefined }
  return io.canDraw ? drawBar(io, clock, title) : writeLines(io, clock, title)
}

function drawBar(io: Io, clock: Clock, title: string): ProgressView {
  const startedMs = clock.monotonicMs()
  let drawnMs = -Infinity
  const draw = (line: string) => io.err(`\r\u001b[2K${line}`)
  // The first batch of a slow vendor may be long in coming.
  draw(shorten(`${title} …`, io.errColumns - 1))
  return {
    update({ done, total, unit }) {
      const now = clock.monotonicMs()
      if (now - drawnMs < redrawMs) return
      drawnMs = now
      draw(fitted(io, title, { done, total, unit }, now - startedMs))
    },
    end: () => draw(''),
  }
}

function writeLines(io: Io, clock: Clock, title: string): ProgressView {
  const startedMs = clock.monotonicMs()
  let nextMs = startedMs + firstLineMs
  let intervalMs = firstLineMs
  return {
    update(progress) {
      const now = clock.monotonicMs()
      if (now < nextMs) return
      intervalMs = Math.min(longestLineMs, intervalMs * 2)
      nextMs = now + intervalMs
      io.err(`${describe(title, progress, now - startedMs, '')}\n`)
    },
    end: () => undefined,
  }
}

/** A line that is too long would leave its beginning behind at every redraw, so the width is asked anew each time. */
function fitted(io: Io, title: string, progress: Measured, elapsedMs: number): string {
  const line = describe(title, progress, elapsedMs, barOf(progress.done, progress.total))
  if (stringWidth(line) < io.errColumns) return line
  return shorten(describe(title, progress, elapsedMs, ''), io.errColumns - 1)
}

function barOf(done: number, total: number | undefined): string {
  if (!total) return ''
  const size = 24
  const filled = Math.round((Math.min(done, total) / total) * size)
  return `${'█'.repeat(filled)}${'░'.repeat(size - filled)} `
}

/** `haier-products ████░░ 1 200/5 000 products, 95/s, 40 s left`. */
function describe(
  title: string,
  { done, total, unit }: Measured,
  elapsedMs: number,
  bar: string,
): string {
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0
  const count = total ? `${formatCount(done)}/${formatCount(total)}` : formatCount(done)
  const left =
    total && total > done && rate > 0 ? formatDuration(((total - done) / rate) * 1000) : ''
  const pace = rate >= 1 ? `${formatCount(Math.round(rate))}/s` : ''
  return [`${title} ${bar}${count} ${unit}`, pace, left && `${left} left`]
    .filter(Boolean)
    .join(', ')
}
