import { expect, it } from 'vitest'
import { createTestClock } from '../../testing/clock.ts'
import type { Io } from './io.ts'
import { showProgress } from './progress.ts'
import { stringWidth } from './table.ts'

type Screen = { io: Io; written: string[]; columns: number }

/** An output that keeps what is written, on a terminal as wide as the test says. */
function screen(options: Partial<Pick<Io, 'canDraw' | 'isQuiet'>>, columns = 80): Screen {
  const written: string[] = []
  const made: Screen = { written, columns, io: undefined as never }
  const io = {
    err: (text: string) => void written.push(text),
    canDraw: false,
    isQuiet: false,
    get errColumns() {
      return made.columns
    },
    ...options,
  }
  // The rest of it is not touched by progress.
  return Object.assign(made, { io: io as Io })
}

const linesOf = (written: readonly string[]): string[] =>
  // oxlint-disable-next-line no-control-regex -- what clears a line on a terminal
  written.map((text) => text.replace(/^\r\u001b\[2K/, ''))

it('draws a bar on a terminal, ten times a second at most, and takes it away at the end', async () => {
  const clock = createTestClock()
  const { io, written } = screen({ canDraw: true })

  const view = showProgress(io, clock, 'haier-products')
  await clock.advance(10_000)
  view.update({ done: 500, total: 2000, unit: 'products' })
  await clock.advance(99)
  view.update({ done: 505, total: 2000, unit: 'products' })
  await clock.advance(1)
  view.update({ done: 1000, total: 2000, unit: 'products' })
  view.end()

  expect(linesOf(written)).toEqual([
    'haier-products …',
    'haier-products ██████░░░░░░░░░░░░░░░░░░ 500/2 000 products, 50/s, 30 s left',
    'haier-products ████████████░░░░░░░░░░░░ 1 000/2 000 products, 99/s, 10 s left',
    '',
  ])
  expect(written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true)
})

it('draws a count where the total is not known', async () => {
  const clock = createTestClock()
  const { io, written } = screen({ canDraw: true })

  const view = showProgress(io, clock, 'import 1c')
  await clock.advance(2000)
  view.update({ done: 12_000, unit: 'records' })

  expect(linesOf(written).at(-1)).toBe('import 1c 12 000 records, 6 000/s')
})

it('writes whole lines at growing intervals elsewhere: 5, 10, 20 s and so on, 5 min at most', async () => {
  const clock = createTestClock()
  const { io, written } = screen({})
  const at: number[] = []

  const view = showProgress(io, clock, 'sync')
  for (let second = 1; second <= 1300; second++) {
    await clock.advance(1000)
    const before = written.length
    view.update({ done: second, total: 2000, unit: 'products' })
    if (written.length > before) at.push(second)
  }
  view.end()

  expect(at).toEqual([5, 15, 35, 75, 155, 315, 615, 915, 1215])
  expect(written[0]).toBe('sync 5/2 000 products, 1/s, 33 min 15 s left\n')
  expect(['\r', '\u001b', '█'].filter((mark) => written.join('').includes(mark))).toEqual([])
})

it.each([true, false])('writes nothing when quiet (terminal: %s)', async (canDraw) => {
  const clock = createTestClock()
  const { io, written } = screen({ canDraw, isQuiet: true })

  const view = showProgress(io, clock, 'sync')
  await clock.advance(60_000)
  view.update({ done: 1, total: 2, unit: 'products' })
  view.end()

  expect(written).toEqual([])
})

it.each([80, 60, 40, 20, 10, 3, 1])('never fills a line of %i columns', async (columns) => {
  const clock = createTestClock()
  const { io, written } = screen({ canDraw: true }, columns)

  const view = showProgress(io, clock, 'каталог-海尔')
  await clock.advance(3000)
  view.update({ done: 1234, total: 56_789, unit: 'товаров' })

  const widths = linesOf(written).map(stringWidth)
  expect(widths).toHaveLength(2)
  expect(Math.max(...widths)).toBeLessThan(columns)
})

it('keeps to a terminal that is made narrower while it draws', async () => {
  const clock = createTestClock()
  const made = screen({ canDraw: true }, 100)
  const view = showProgress(made.io, clock, 'haier-products')
  const draw = async (columns: number) => {
    made.columns = columns
    await clock.advance(1000)
    view.update({ done: 1200, total: 5000, unit: 'products' })
    return stringWidth(linesOf(made.written).at(-1) ?? '')
  }

  const widths = [await draw(100), await draw(60), await draw(30), await draw(100)]

  expect(widths.map((width, at) => width < (([100, 60, 30, 100] as const)[at] ?? 0))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(widths[3]).toBeGreaterThan(60)
})
