import { expect, it } from 'vitest'
import type { Io } from './io.ts'
import { printList } from './print.ts'

const rows = [
  { name: 'run_failed', when: 'as many runs of a job in a row failed as its alert_after says' },
  { name: 'run_late', when: 'the scheduler passed a job over' },
]
const list = {
  name: 'rules',
  rows,
  columns: [
    { title: 'RULE', text: (row: (typeof rows)[number]) => row.name },
    { title: 'WHEN', text: (row: (typeof rows)[number]) => row.when, shrink: 1 },
  ],
  empty: '',
  tall: ({ name, when }: (typeof rows)[number]) => ({ head: name, texts: [when, ''] }),
}

it.each([
  [
    40,
    'run_failed\n  as many runs of a job in a row failed\n  as its alert_after says\n\nrun_late\n  the scheduler passed a job over\n',
  ],
  [
    100,
    'RULE        WHEN\nrun_failed  as many runs of a job in a row failed as its alert_after says\nrun_late    the scheduler passed a job over\n',
  ],
])(
  'sentences that do not fit into a table of %i columns stand below each other',
  async (columns, text) => {
    let out = ''
    const page = async (shown: string) => void (out += shown)
    const io = { columns, page, isColoured: false } as unknown as Io

    await printList(io, list, {})

    expect(out).toBe(text)
  },
)
