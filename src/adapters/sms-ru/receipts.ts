/** Receipts, several in a request. https://sms.ru/api/callback */
import type { HookEvent, HookReader, HookReading } from '../../core/hook.ts'
import { sha256 } from '../../core/sha256.ts'
import { isSameText } from '../../core/same-text.ts'
import { atUnixSeconds } from '../../core/vendor-values.ts'
import type { SmsRuConfig } from './config.ts'
import { meaningOfStatus } from './failures.ts'

export const hooks: HookReader<SmsRuConfig> = {
  about:
    'Receipts of messages, several in a request. `hash` signs all of them (SHA-256 with `api_id`). Enter the address in the account at the vendor, under callbacks.',
  read({ body }, { config }) {
    const fields = new URLSearchParams(body.toString())
    const entries = entriesOf(fields)
    const expected = hashOf(config.api_id.reveal(), entries)
    if (!isSameText((fields.get('hash') ?? '').toLowerCase(), expected))
      return refused('the hash does not fit')
    // Anything but 100 has it sent again.
    const reply = { status: 200, text: '100' }
    return { verdict: 'genuine', events: entries.flatMap(eventOf), reply }
  },
}

/** SHA-256 of the api_id and all entries in their order. Used by the twin too. */
export const hashOf = (apiId: string, entries: readonly string[]): string =>
  sha256(apiId + entries.join(''))

/** `data[0]`, `data[1]` and so on, by number: 10 comes after 9. */
function entriesOf(fields: URLSearchParams): string[] {
  const numbered = [...fields].flatMap(([name, value]) => {
    const index = /^data\[(\d+)\]$/.exec(name)?.[1]
    return index === undefined ? [] : [{ index: Number(index), value }]
  })
  return numbered.toSorted((a, b) => a.index - b.index).map(({ value }) => value)
}

/** Lines: type, id, status, Unix time; of a heartbeat type and time alone. Types that we do not know are kept. */
function eventOf(entry: string): HookEvent[] {
  const [type = '', ...lines] = entry.split(/\r?\n/)
  const at = instantOf(lines.at(-1))
  if (type !== 'sms_status') {
    return [{ id: entry, type: `sms-ru.${type}`, at, data: { type, lines } }]
  }
  const [messageId = '', code = ''] = lines
  const { status, says, kind } = meaningOfStatus(code)
  const error = kind && { kind, code, message: says }
  const data = { type, messageId, status, code, description: says, error }
  return [{ id: `${messageId} ${code}`, type: 'sms.status', at, data }]
}

const instantOf = (line: string | undefined): Date | undefined =>
  line && /^\d+$/.test(line) ? atUnixSeconds(Number(line)) : undefined

const refused = (why: string): HookReading => ({ verdict: 'refused', why, reply: { status: 403 } })
