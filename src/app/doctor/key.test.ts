import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { newKey } from '../../config/secrets/keys.ts'
import { systemClock } from '../../core/clock.ts'
import { byHand, daysLater, doAsTold, examined, foundBy } from '../../testing/doctor.ts'
import { haierProject, project } from '../../testing/program.ts'
import { openApp } from '../app.ts'
import { rotateKey } from '../keys/index.ts'

it('asks for a second slot, and tries a passphrase only where one is given', async () => {
  const home = await project()
  const passphrase = 'canary-correct-horse-battery'

  const [alone] = await foundBy('key', home)
  await doAsTold(home, alone!, passphrase)
  const both = await foundBy('key', home)
  rmSync(home.file('caravan.key'))
  const unasked = await foundBy('key', home)
  const given = await foundBy('key', home, { env: { CARAVAN_PASSPHRASE: passphrase } })
  const wrong = await foundBy('key', home, { env: { CARAVAN_PASSPHRASE: 'canary-another' } })

  expect(alone).toMatchObject({ severity: 'note', mend: 'caravan key add --passphrase' })
  expect(both).toEqual([])
  expect(unasked).toMatchObject([
    { severity: 'note', what: expect.stringContaining('nobody is asked') },
  ])
  expect(given).toEqual([])
  expect(wrong).toMatchObject([
    { severity: 'problem', what: expect.stringContaining('the passphrase given here opens none') },
  ])
  expect(JSON.stringify([unasked, given, wrong])).not.toContain('canary')
})

it('finds a key that is missing, wrong or garbled', async () => {
  const home = await project()
  const stray = newKey()
  const find = async (text: string | undefined) => {
    rmSync(home.file('caravan.key'), { force: true })
    if (text !== undefined) writeFileSync(home.file('caravan.key'), text, { mode: 0o600 })
    const found = await foundBy('key', home)
    return found.filter(({ severity }) => severity === 'problem')
  }

  expect(await find(undefined)).toMatchObject([
    { what: 'there is no key to open the secrets with', why: expect.stringContaining('looked at') },
  ])
  expect(await find(stray)).toMatchObject([
    { what: expect.stringContaining('opens none of the key slots of this state') },
  ])
  expect(await find('garbage')).toMatchObject([{ what: expect.stringContaining('does not begin') }])
  expect(JSON.stringify(await find(stray))).not.toContain(stray.slice(20))
})

it('a key that others can use is told once', async () => {
  const home = await project()
  chmodSync(home.file('caravan.key'), 0o644)

  const { findings } = await examined(home)

  expect(findings.map(({ check, severity }) => [check, severity])).toEqual([
    ['files', 'problem'],
    ['key', 'note'],
  ])
})

it('finds that every slot is gone, and the secrets with them', async () => {
  const home = await haierProject()
  byHand(home, 'delete from key_slots')

  const found = await foundBy('key', home)

  expect(found).toMatchObject([
    { severity: 'problem', what: expect.stringContaining('opens none of the key slots') },
    { severity: 'problem', what: expect.stringMatching(/^\d+ secrets cannot be opened by any/) },
  ])
})

it('finds a secret without a slot; storing it again mends it', async () => {
  const home = await haierProject()
  byHand(home, "update secrets set kek_id = 'ffffffffffffffff' where name = 'haier.password'")

  const [finding] = await foundBy('key', home)
  await doAsTold(home, finding!, 'a value')

  expect(finding).toMatchObject({
    severity: 'problem',
    what: '1 secret cannot be opened by any key slot: haier.password',
    mend: 'caravan secret set haier.password',
  })
  expect(await foundBy('key', home)).toMatchObject([{ severity: 'note' }])
})

it('finds an altered slot', async () => {
  const home = await project()
  byHand(home, "update key_slots set check_record = replace(check_record, 'v1', 'v2')")

  const [finding] = await foundBy('key', home)

  expect(finding).toMatchObject({ severity: 'problem' })
  expect(finding?.what).toMatch(/^the key slot .* was altered, cut or moved$/)
})

it('finds a rotation that was stopped near its end, and leaves finishing it to who is told', async () => {
  const home = await haierProject()
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: home.folder, clock: systemClock, signal })
  const stopped = rotateKey(app, {
    newPassphrase: () => Promise.reject(new Error('not asked')),
    onStep: (step) => {
      if (step === 'committed') throw new Error('killed')
    },
  })
  await expect(stopped).rejects.toThrow('killed')
  await app.close()

  const found = await foundBy('key', home, { fix: true })
  const isThere = existsSync(home.file('caravan.key.next'))
  const secrets = await foundBy('secrets', home)
  await doAsTold(home, found[0]!)

  expect(found[0]).toMatchObject({ severity: 'warning', mend: 'caravan key rotate' })
  expect(isThere).toBe(true)
  expect(secrets).toEqual([])
  expect(await foundBy('key', home)).toMatchObject([{ severity: 'note' }])
})

it('tells of the draft of a rotation', async () => {
  const home = await project()
  writeFileSync(home.file('caravan.key.next'), newKey(), { mode: 0o600 })

  const [finding] = await foundBy('key', home)
  await doAsTold(home, finding!)

  expect(finding).toMatchObject({ severity: 'note', mend: 'caravan key rotate' })
  expect(existsSync(home.file('caravan.key.next'))).toBe(false)
  expect(await foundBy('key', home)).toHaveLength(1)
})

it('never takes the key of another slot for a draft, whatever it is called', async () => {
  const home = await project()
  await home.run('key add --file other.key')
  renameSync(home.file('other.key'), home.file('caravan.key.next'))

  const [finding, ...rest] = await foundBy('key', home)
  await doAsTold(home, finding!)

  expect(finding).toMatchObject({ severity: 'warning', mend: expect.stringMatching(/^mv /) })
  expect(finding?.what).toContain('is the key of the slot')
  expect(rest).toEqual([])
  expect(await foundBy('key', home)).toEqual([])
})

it('opens every secret once: a damaged one is named, and no value is shown', async () => {
  const home = await haierProject()
  await home.run('secret set spare', { stdin: 'canary-spare' })
  byHand(
    home,
    "update secrets set record = substr(record, 1, length(record) - 3) || 'AAA' where name = 'haier.password'",
  )

  const [damaged, unused] = await foundBy('secrets', home)
  await doAsTold(home, damaged!, 'a value')
  await doAsTold(home, unused!)

  expect(damaged).toMatchObject({
    severity: 'problem',
    mend: 'caravan secret set haier.password',
    what: expect.stringContaining('haier.password cannot be opened'),
  })
  expect(unused).toMatchObject({ severity: 'note', mend: 'caravan secret remove spare --yes' })
  expect(await foundBy('secrets', home)).toEqual([])
})

it('finds secrets that end soon, and those that have ended', async () => {
  const home = await haierProject()
  await home.run('secret set haier.password --expires 2099-01-31', { stdin: 'a value' })
  const days = (Date.parse('2099-01-31') - Date.now()) / 86_400_000

  const before = await foundBy('secrets', home)
  const [soon] = await foundBy('secrets', home, { clock: daysLater(Math.floor(days) - 9) })
  const [over] = await foundBy('secrets', home, { clock: daysLater(Math.ceil(days) + 1) })
  await doAsTold(home, over!, 'a value')
  const after = await foundBy('secrets', home, { clock: daysLater(Math.ceil(days) + 1) })

  expect(before).toEqual([])
  expect(soon).toMatchObject({ severity: 'warning', why: 'it is used by haier' })
  expect(soon?.what).toMatch(/^the secret haier\.password ends in (9|10) days, at 2099-01-31/)
  expect(over).toMatchObject({ severity: 'problem', mend: 'caravan secret set haier.password' })
  expect(after).toEqual([])
})
