import { sizeText } from '../words.ts'
import type { Rule } from './rule.ts'

const fullAt = 0.9

/** The state alone: the call log may always take the rest, for its oldest calls make way. */
export const stateFull: Rule = {
  id: 'state_full',
  title: 'The state is near its limit',
  severity: 'medium',
  when: () => `the state takes more than ${fullAt * 100} % of retention.max_size`,
  find: ({ state: { bytes, limit } }) =>
    bytes <= limit * fullAt
      ? []
      : [
          {
            subject: 'state',
            title: 'The state is near its limit',
            detail: `It takes ${sizeText(bytes)} of the ${sizeText(limit)} of retention.max_size; the call log has to make way for it.`,
            todo: 'Raise retention.max_size, or keep runs for less long: retention.runs.',
          },
        ],
}

const leastBytes = 100 * 1000 ** 2
const leastFiles = 1000

export const diskFull: Rule = {
  id: 'disk_full',
  title: 'The disk of the state is full',
  severity: 'high',
  when: () => `less than ${sizeText(leastBytes)}, or room for ${leastFiles} files, are free`,
  find: ({ disk }) => {
    if (!disk) return []
    const { freeBytes, freeFiles } = disk
    const isOutOfFiles = freeFiles !== null && freeFiles < leastFiles
    if (freeBytes >= leastBytes && !isOutOfFiles) return []
    return [
      {
        subject: 'disk',
        title: 'The disk of the state is full',
        detail: isOutOfFiles
          ? `There is room for only ${freeFiles} more files.`
          : `${sizeText(freeBytes)} are free; a write that finds no room undoes its whole batch.`,
        todo: 'caravan doctor',
      },
    ]
  },
}
