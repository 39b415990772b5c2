/**
 * Files that mean harm, or are broken beyond use, as pieces that are made while they are read: none takes memory of its
 * own. Run as a program it reads those it is told and prints one line of JSON: what became of each, and by how many MB
 * the process grew at its peak.
 */
import { CaravanError, messageOf } from '../core/errors.ts'
import { readCommerceml } from '../formats/commerceml/read.ts'

type Pieces = Iterable<string | Uint8Array>

const begin = '<КоммерческаяИнформация ВерсияСхемы="2.07"><Каталог><Товары><Товар><Ид>1</Ид>'
const inside = (...pieces: Pieces[]): Pieces => joined([[begin], ...pieces])

function* joined(all: readonly Pieces[]): Generator<string | Uint8Array> {
  for (const pieces of all) yield* pieces
}

/** A text again and again, in pieces of about 64 KB. */
function* repeated(text: string, times: number): Generator<string> {
  const atOnce = Math.max(1, Math.floor(65_536 / text.length))
  const piece = text.repeat(atOnce)
  let left = times
  for (; left >= atOnce; left -= atOnce) yield piece
  yield text.repeat(left)
}

const laughs = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY a${level + 1} "${`&a${level};`.repeat(10)}">`,
).join('')
const doctype = (inner: string) => `<!DOCTYPE l [${inner}]>`

export const hostileFiles: Record<string, () => Pieces> = {
  'billion laughs': () => [doctype(`<!ENTITY a0 "ha">${laughs}`), begin, '&a9;'],
  'quadratic entity': () =>
    joined([[doctype(`<!ENTITY a "${'x'.repeat(1e5)}">`), begin], repeated('&a;', 2e4)]),
  'external entity': () => [doctype('<!ENTITY x SYSTEM "file:///etc/hostname">'), begin, '&x;'],
  'harmless doctype': () => ['<!DOCTYPE l>', begin],
  'entity without a doctype': () => inside(['<Код>&a9;</Код>']),
  'depth 10k': () => inside(repeated('<a>', 1e4), repeated('</a>', 1e4)),
  'depth 1M': () => inside(repeated('<a>', 1e6)),
  'depth 1M outside of records': () =>
    joined([['<КоммерческаяИнформация><Чудо>'], repeated('<a>', 1e6)]),
  'text of 100 MB': () => inside(['<Код>'], repeated('x', 1e8)),
  'Cyrillic text of 100 MB': () => inside(['<Код>'], repeated('я', 5e7)),
  'many texts, 100 MB': () => inside(repeated('<Код>0123456789</Код>', 8e6)),
  'record without an end': () => inside(repeated('<Картинка/>', 1e7)),
  '100k attributes': () => inside(['<Код'], repeated(' a="1"', 1), manyAttributes(), ['/>']),
  'attribute of 20 MB': () => inside(['<Код a="'], repeated('x', 2e7), ['"/>']),
  '3M character references': () => inside(['<Код>'], repeated('&#1078;', 3e6)),
  'comment of 50 MB': () => inside(['<!-- '], repeated('x', 5e7)),
  'CDATA of 50 MB': () => inside(['<Код><![CDATA['], repeated('x', 5e7)),
  'instruction of 50 MB': () => inside(['<?pi '], repeated('x', 5e7)),
  'name of 50 MB': () => inside(['<'], repeated('x', 5e7)),
  'a million names': () => inside(manyNames()),
  'endless <': () => inside(repeated('<', 2e6)),
  'endless blanks in a tag': () => inside(['<Код'], repeated(' ', 5e7)),
  'mis-nested': () => inside(['<Код>one</Кот>']),
  'control character': () => inside(['<Код>a\u0001b</Код>']),
  NUL: () => inside(['<Код>a\0b</Код>']),
  'bare &': () => inside(['<Код>R&D</Код>']),
  'unknown entity': () => inside(['<Код>&nbsp;</Код>']),
  'character beyond Unicode': () => inside(['<Код>&#x110000;</Код>']),
  'attribute twice': () => inside(['<Код a="1" a="2"/>']),
  'two roots': () => ['<КоммерческаяИнформация/>', '<КоммерческаяИнформация/>'],
  'bad UTF-8': () => inside(['<Код>', Uint8Array.of(0xd0, 0x20, 0xff), '</Код>']),
  empty: () => [],
  'failure text': () => ['failure\nОшибка: нет прав'],
  HTML: () => ['<!DOCTYPE html><html><body>502</body></html>'],
  'a first line that is no XML': () => ['<not valid xml!!!\n', begin],
}

function* manyAttributes(): Generator<string> {
  for (let number = 0; number < 1e5; number++) yield ` a${number}="1"`
}

function* manyNames(): Generator<string> {
  for (let number = 0; number < 1e6; number++) yield `<a${number}/>`
}

/** The bytes of one of them, glued to pieces of 64 KB. */
export function* hostileBytes(name: string): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let size = 0
  for (const piece of hostileFiles[name]?.() ?? []) {
    const bytes = Buffer.from(piece)
    waiting.push(bytes)
    size += bytes.length
    if (size < 65_536) continue
    yield Buffer.concat(waiting)
    waiting = []
    size = 0
  }
  yield Buffer.concat(waiting)
}

export type HostileReport = {
  outcomes: Record<string, { code: string; message: string }>
  grownMb: number
}

async function report(names: readonly string[]): Promise<HostileReport> {
  const outcomes: HostileReport['outcomes'] = {}
  const before = process.resourceUsage().maxRSS
  for (const name of names) {
    try {
      for await (const batch of readCommerceml(hostileBytes(name), { file: 'a.xml' })) void batch
      outcomes[name] = { code: 'accepted', message: '' }
    } catch (error) {
      const code = error instanceof CaravanError ? error.code : 'unforeseen'
      outcomes[name] = { code, message: messageOf(error) }
    }
  }
  return { outcomes, grownMb: (process.resourceUsage().maxRSS - before) / 1024 }
}

if (import.meta.main) console.log(JSON.stringify(await report(process.argv.slice(2))))
