/**
 * What can stand in the place of `<service>` and the like. One word means one thing in every command, so the name of an
 * argument, or of the value of a flag, is all it takes to complete it. A test fails for a name that is not listed here.
 */
import type { NameKind } from '../../app/complete.ts'

/**
 * `files` and `folders` are left to the shell; `input` are the keys of the operation that stands before; `free` is
 * anything: a new name, a reason, a number.
 */
export type ValueKind = NameKind | 'files' | 'folders' | 'input' | 'free'

export const valueKinds: Readonly<Record<string, ValueKind>> = {
  service: 'service',
  adapter: 'adapter',
  job: 'job',
  'job-or-cron': 'job',
  zone: 'free',
  run: 'run',
  call: 'call',
  'secret-name': 'secret',
  code: 'code',
  file: 'files',
  path: 'files',
  bundle: 'files',
  folder: 'folders',
  name: 'free',
  key: 'configKey',
  slot: 'keySlot',
  version: 'configVersion',
  older: 'configVersion',
  newer: 'configVersion',
  text: 'free',
  when: 'free',
  duration: 'free',
  n: 'free',
  port: 'free',
  field: 'free',
  day: 'free',
  recipient: 'free',
  operation: 'operation',
  kind: 'kind',
  input: 'input',
  amount: 'free',
  alert: 'free',
  silence: 'free',
  rule: 'rule',
  subject: 'free',
  hook: 'free',
  token: 'free',
  correlation: 'free',
  scopes: 'free',
}

/** `<service>`, `[service...]` and `--service <service>` alike: the word in the brackets. */
export const placeholderOf = (flags: string): string | undefined =>
  /[<[]([^>\].]+)(?:\.\.\.)?[>\]]/.exec(flags)?.[1]
