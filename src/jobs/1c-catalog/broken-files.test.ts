import { expect, it } from 'vitest'
import { exitOf } from '../../core/errors.ts'
import { hostileBytes } from '../../testing/commerceml-hostile.ts'
import {
  catalogBytes,
  catalogue,
  exchangeFolder,
  importFiles,
  importPaths,
  offer,
  offers,
  price,
  product,
} from '../../testing/onec-exchange.ts'
import { memoryState } from '../../testing/state.ts'

const many = Array.from({ length: 1200 }, (_, number) => product(`id-${number}`))

async function filledState() {
  const db = await memoryState()
  await importFiles(db, {
    'import0_1.xml': catalogue(many, { full: true }),
    'offers0_1.xml': offers([offer('id-1', '<Количество>5</Количество>')]),
  })
  return db
}

const changed = Buffer.from(
  catalogue(
    many.map((text) => text.replace('Товар id', 'Другой id')),
    { full: true, before: '<Классификатор><Ид>c</Ид></Классификатор>' },
  ),
)

it.each([1, 60, 300, 700, 65_536, 65_537, 100_001, changed.length - 20, changed.length - 1])(
  'leaves the catalogue as it was when the file ends after %i bytes',
  async (length) => {
    const db = await filledState()
    const before = await catalogBytes(db)

    const outcome = await importFiles(db, {
      'offers0_1.xml': offers([offer('id-1', `<Цены>${price('t', '1')}</Цены>`)]),
      'import0_1.xml': changed.subarray(0, length),
      'import0_2.xml': catalogue([product('new')]),
    })

    expect(outcome.status).toBe('failed')
    expect(await catalogBytes(db)).toBe(before)
  },
)

it('says which file is broken, and where', async () => {
  const db = await filledState()

  const outcome = await importFiles(db, { 'import0_1.xml': changed.subarray(0, 100_001) })

  expect(outcome.error).toMatchObject({
    code: 'xml_malformed',
    message: expect.stringMatching(/import0_1\.xml: byte \d+/),
  })
  expect(exitOf(outcome.error)).toBe('failed')
})

const hostile = [
  'billion laughs',
  'external entity',
  'harmless doctype',
  'depth 10k',
  'mis-nested',
  'control character',
  'NUL',
  'bare &',
  'unknown entity',
  'attribute twice',
  'two roots',
  'bad UTF-8',
  'empty',
  'failure text',
  'HTML',
  'a first line that is no XML',
]

it.each(hostile)('rejects a hostile file and changes nothing: %s', async (name) => {
  const db = await filledState()
  const before = await catalogBytes(db)
  const path = exchangeFolder({
    'a.xml': Buffer.concat([...hostileBytes(name)]),
    'b.xml': catalogue(many),
  })

  const outcome = await importPaths(db, [`${path}/a.xml`, `${path}/b.xml`])

  expect(outcome.status).toBe('failed')
  expect(outcome.error).toMatchObject({ name: 'CaravanError' })
  expect(await catalogBytes(db)).toBe(before)
})

it('changes nothing in the catalogue when it is stopped while reading', async () => {
  const db = await filledState()
  const before = await catalogBytes(db)

  const outcome = await importFiles(
    db,
    { 'import0_1.xml': changed },
    { signal: AbortSignal.abort(new Error('stopped')) },
  )

  expect(outcome.status).toBe('interrupted')
  expect(await catalogBytes(db)).toBe(before)
})

it('does not take a folder without CommerceML for an empty exchange', async () => {
  const db = await filledState()

  const outcome = await importFiles(db, { 'readme.txt': 'nothing', 'other.xml': '<html/>' })

  expect(outcome.error).toMatchObject({ code: 'input_invalid' })
})
