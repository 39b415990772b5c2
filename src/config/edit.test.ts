import { expect, it } from 'vitest'
import { exitOf } from '../core/errors.ts'
import { addService, deleteIn, removeService, setIn } from './edit.ts'

const file = `# our shop
version: 1

services:
  # the supplier
  haier: # main account
    adapter: haier
    config:
      client_id: \${HAIER_CLIENT_ID}   # from the console
      customer_code: "8800633175"
      # password: old
      password: '\${secret:haier.password}'

  sms-backup: { adapter: aliyun-sms, enabled: false }   # flow

# nightly work
jobs:
  haier-products: { schedule: "0 3 * * *" }
`
const changed = (before: string, after: string) => {
  const [old, fresh] = [before.split('\n'), after.split('\n')]
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `-${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ]
}

it('adds a service behind the last one', () => {
  const edited = addService(file, 'sms-main', {
    adapter: 'tencent-sms',
    config: { app_id: '1400', key: '${secret:sms-main.key}' },
  })

  expect(changed(file, edited)).toMatchInlineSnapshot(`
    [
      "+  sms-main:",
      "+    adapter: tencent-sms",
      "+      app_id: "1400"",
      "+      key: \${secret:sms-main.key}",
    ]
  `)
  expect(edited.indexOf('sms-main')).toBeLessThan(edited.indexOf('# nightly work'))
  expect(removeService(edited, 'sms-main')).toBe(file)
})

it.each<[string, (string | number)[], unknown, string[]]>([
  [
    'a plain scalar',
    ['services', 'haier', 'adapter'],
    'other',
    ['-    adapter: haier', '+    adapter: other'],
  ],
  [
    'a scalar before a comment',
    ['services', 'haier', 'config', 'client_id'],
    '${NEW}',
    [
      '-      client_id: ${HAIER_CLIENT_ID}   # from the console',
      '+      client_id: ${NEW}   # from the console',
    ],
  ],
  [
    'a quoted scalar, keeping its quotes',
    ['services', 'haier', 'config', 'customer_code'],
    '42',
    ['-      customer_code: "8800633175"', '+      customer_code: "42"'],
  ],
  [
    'a field of a flow map',
    ['services', 'sms-backup', 'enabled'],
    true,
    [
      '-  sms-backup: { adapter: aliyun-sms, enabled: false }   # flow',
      '+  sms-backup: { adapter: aliyun-sms, enabled: true }   # flow',
    ],
  ],
  [
    'a new field of a flow map',
    ['services', 'sms-backup', 'config', 'sign'],
    'a, b',
    [
      '-  sms-backup: { adapter: aliyun-sms, enabled: false }   # flow',
      '+  sms-backup: { adapter: aliyun-sms, enabled: false, config: { sign: "a, b" } }   # flow',
    ],
  ],
  ['a new field of a block map', ['services', 'haier', 'enabled'], false, ['+    enabled: false']],
  [
    'a missing section',
    ['alerts', 'channels'],
    ['ops'],
    ['+alerts:', '+  channels:', '+    - ops'],
  ],
])('sets %s', (_, path, value, lines) => {
  expect(changed(file, setIn(file, path, value))).toEqual(lines)
})

it('merges a map: what stays the same keeps its comments', () => {
  const config = {
    client_id: '${HAIER_CLIENT_ID}',
    password: '${secret:haier.password}',
    page_size: 50,
  }

  expect(changed(file, setIn(file, ['services', 'haier', 'config'], config))).toEqual([
    '-      customer_code: "8800633175"',
    '+      page_size: 50',
  ])
})

it('gives the same text for the same value', () => {
  expect(setIn(file, ['services', 'haier', 'adapter'], 'haier')).toBe(file)
  expect(deleteIn(file, ['services', 'none', 'adapter'])).toBe(file)
})

it.each([
  ['services: {} # none yet\n', 'services: # none yet\n  a:\n    adapter: x\n'],
  [
    'services:\n  # b: { adapter: y }\njobs:\n',
    'services:\n  a:\n    adapter: x\n  # b: { adapter: y }\njobs:\n',
  ],
  ['version: 1', 'version: 1\nservices:\n  a:\n    adapter: x'],
  ['', 'services:\n  a:\n    adapter: x\n'],
  [
    '# nothing\r\nversion: 1\r\n',
    '# nothing\r\nversion: 1\r\nservices:\r\n  a:\r\n    adapter: x\r\n',
  ],
  [
    'services:\n    b:\n        adapter: y\n',
    'services:\n    b:\n        adapter: y\n    a:\n        adapter: x\n',
  ],
])('adds to %j', (before, after) => {
  expect(addService(before, 'a', { adapter: 'x' })).toBe(after)
})

it('removes a service and leaves the comments around it', () => {
  const edited = removeService(file, 'haier')

  expect(edited).toContain('services:\n  # the supplier\n\n  sms-backup:')
})

it('takes a comment away that would become part of the value above', () => {
  const text = 'a: |\n  text\nb: 1\n  # about b\nc: 2\n'

  expect(deleteIn(text, ['b'])).toBe('a: |\n  text\nc: 2\n')
})

it('rewrites a list as a whole', () => {
  const text = 'alerts:\n  channels:\n    - one # first\n    - two\n  cooldown: 1m\n'

  expect(setIn(text, ['alerts', 'channels', 1], 'three')).toBe(
    'alerts:\n  channels:\n    - one\n    - three\n  cooldown: 1m\n',
  )
  expect(deleteIn(text, ['alerts', 'channels', 0])).toBe(
    'alerts:\n  channels:\n    - two\n  cooldown: 1m\n',
  )
})

it.each([
  ['service_exists', () => addService(file, 'haier', {}), 'usage'],
  ['service_unknown', () => removeService(file, 'none'), 'notFound'],
  ['config_unreadable', () => setIn('a: [', ['a'], 1), 'config'],
  ['config_uneditable', () => setIn('? a\n: 1\n', ['b'], 1), 'config'],
])('refuses with %s', (code, edit, exit) => {
  let error: unknown
  try {
    edit()
  } catch (thrown) {
    error = thrown
  }

  expect(error).toMatchObject({ code })
  expect(exitOf(error)).toBe(exit)
})
