/** Texts for messages that leave the house: a chat is read by more people than the log. */
import { cutText } from '../../formats/cut-text.ts'

const longest = 300

/**
 * The first line of what somebody else said, such as the error of a run: without anything that looks like an address or
 * a number of a person, and short. It was redacted already where it came from.
 */
export function plainText(text: string): string {
  const [first = ''] = text.trim().split('\n')
  const masked = first
    .replaceAll(/[^\s@<>"'(]+@[^\s@<>"')]+/g, '…')
    .replaceAll(/\+?\d[\d ()-]{7,}\d/g, '…')
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
  const cut = cutText(masked, longest)
  return cut.length < masked.length ? `${cut}…` : cut
}
