import { expect, it } from 'vitest'
import { nearest, nearestId } from './nearest.ts'

const known = [
  'list',
  'init',
  'show',
  'status',
  'secret',
  'config',
  'runs',
  'haier',
  'sms-main',
  'sms-backup',
]

it.each([
  ['lsit', 'list', 'two letters that changed places'],
  ['lst', 'list', 'a letter left out'],
  ['listt', 'list', 'a letter twice'],
  ['shwo', 'show', 'the ends changed places'],
  ['secrets', 'secret', 'the plural'],
  ['stauts', 'status', 'a transposition in the middle'],
  ['conf', 'config', 'a beginning'],
  ['HAIER', 'haier', 'another case'],
  ['haeir', 'haier', 'a transposition'],
  ['sms_backup', 'sms-backup', 'another hyphen'],
  ['sms-mian', 'sms-main', 'a transposition behind a hyphen'],
])('%s is %s: %s', (written, meant) => {
  expect(nearest(written, known)).toBe(meant)
})

it.each(['', 'x', 'qq', 'products', 'kubernetes', 'zz-top'])('nothing is near "%s"', (written) => {
  expect(nearest(written, known)).toBeUndefined()
})

const ids = [
  '01JHB2V7QK3M9X0000000000AA',
  '01JHB2V7QK3M9X0000000000AB',
  '01JHC9ZZ1R5T7W0000000000CC',
]

it.each([
  ['01JHC9ZZ1R5T7W0000000000CD', ids[2], 'a wrong letter at the end'],
  ['o1jhc9zzlR5T', ids[2], 'letters that stand for digits, in small letters'],
  ['01JHC9ZZ1R5TW7', ids[2], 'two letters that changed places'],
])('%s is %s: %s', (written, meant) => {
  expect(nearestId(written, ids)).toBe(meant)
})

it.each([
  ['01JHB2V7QK3M9Y', 'two begin like that'],
  ['01J', 'too short to tell'],
  ['haier-products', 'no id at all'],
])('no id is near %s: %s', (written) => {
  expect(nearestId(written, ids)).toBeUndefined()
})
