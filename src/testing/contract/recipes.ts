/**
 * How each command is run by the contract tests, in the project of `home.ts`. A command without a recipe fails them, so
 * that a new one cannot be forgotten: give it its words with real values, and say what is out of the ordinary.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toInstant } from '../../core/clock.ts'
import { addOccurrences, type NewOccurrence } from '../../store/occurrences.ts'
import { startRun } from '../../store/start-run.ts'
import { withAppIn } from '../app.ts'
import type { Home, Prepared } from './home.ts'
import { runOnce } from './run.ts'

export type Recipe = {
  /** Behind the command, with real values; `{name}` stands for one of `values` in home.ts. */
  with?: string
  /** The exit code; 0 unless told. */
  exit?: number
  /** It changes something, and so gets a copy of the project for each run. */
  changes?: true
  /** Prepares that copy. */
  before?(home: Home): void | Promise<void>
  /** What it prints is a file, which is never broken into lines for a terminal. */
  isData?: true
  /** Text that must arrive whole whatever the locale is. */
  shows?: string
  /** More words to hold `--json` to the schema with, and their exit code. */
  also?: readonly (readonly [words: string, exit: number])[]
  /** Words that leave something out, with the exit code and what the error names. */
  leftOut?: readonly (readonly [words: string, exit: number, names: string])[]
  /** It runs until it is told to stop, which it is when it has printed this. */
  stopAt?: string
  /** Examples of its help that are out of the ordinary; the others end with 0. */
  examples?: Readonly<Record<string, Example>>
}

export type Example = {
  exit?: number
  /** Must stand in the error. */
  says?: string
  stopAt?: string
  stdin?: string
  before?(home: Home): void | Promise<void>
  /** Run it in an empty folder. */
  isFresh?: true
}

const remove = (path: string) => (home: Home) =>
  rmSync(join(home.folder, path), { recursive: true, force: true })

/** A folder in the home of the operator. */
const makeHome = (path: string) => (home: Home) =>
  void mkdirSync(join(home.folder, '../home', path), { recursive: true })

const run =
  (...lines: string[]) =>
  async (home: Home) => {
    for (const line of lines) {
      const { code, err } = await runOnce(line.split(' '), home)
      if (code !== 0) throw new Error(`${line}: exit ${code}\n${err}`)
    }
  }

/** As if it had been sent, and nobody knew whether it was done. */
const leaveUnknown = (home: Home) =>
  withAppIn(home.folder, async (app) => {
    const { db } = await app.state()
    const end = { status: 'unknown' as const, served_by: 'haier', next_at: null }
    await db
      .updateTable('outbox')
      .set({ ...end, finished_at: toInstant(app.clock.now()) })
      .execute()
  })

/** What was due while its job was paused. */
const addToLedger = (home: Home) =>
  withAppIn(home.folder, async (app) => {
    const { db } = await app.state()
    const at = toInstant(new Date(app.clock.now().getTime() - 3_600_000))
    const none = { lastDueAt: null, startedAt: null, runId: null, spec: null, owner: null }
    await addOccurrences(db, [
      {
        ...none,
        job: 'haier-products',
        dueAt: at,
        beginsAt: at,
        decidedAt: at,
        finishedAt: at,
        count: 1,
        status: 'skipped',
        reason: 'paused',
        note: 'paused by anna: 价格错误',
        crashes: 0,
      } as NewOccurrence,
    ])
  })

const running = '01JHC000000000000000000000'

/** A run of the process of the test. */
const leaveRunning = (home: Home) =>
  withAppIn(home.folder, async (app) => {
    const { db } = await app.state()
    const start = { job: 'haier-products', trigger: 'manual', options: {}, leaseMs: 60_000 }
    const { id } = await startRun(db, { ...start, now: app.clock.now() })
    await db.updateTable('runs').set({ id: running }).where('id', '=', id).execute()
  })

/** A service for text messages that nothing is sent to. */
const addSms = async (home: Home) => {
  const answers = { api_id: '00000000-1111-2222-3333-444444444444', from: 'Example' }
  writeFileSync(join(home.folder, 'sms.json'), JSON.stringify(answers))
  await run('add sms-ru sms-main --answers sms.json --no-test')(home)
}

/** An alert that fires, and a silence. */
const raiseAlert = (home: Home) =>
  withAppIn(home.folder, async (app) => {
    const { db } = await app.state()
    const now = toInstant(app.clock.now())
    const about = { rule: 'run_failed', subject: 'haier-products' }
    const id = alertId
    const said = { title: '价格错误', detail: '价格错误', todo: 'caravan runs' }
    const stands = { severity: 'high', status: 'firing', fired_at: now, seen_at: now } as const
    await db
      .insertInto('alerts')
      .values({ id, ...about, ...said, ...stands })
      .execute()
    const held = { reason: 'x', until: '2099-01-01T00:00:00.000Z', set_by: 'tester', set_at: now }
    await db
      .insertInto('silences')
      .values({ id, ...about, ...held })
      .execute()
  })

const alertId = '01A'.padEnd(26, '0')

/** A channel of alerts that nobody listens behind. */
const addChannel = async (home: Home) => {
  const webhook =
    'http://127.0.0.1:65533/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2af1a5aaa'
  writeFileSync(join(home.folder, 'ops.json'), JSON.stringify({ webhook }))
  await run('add wecom-robot ops-chat --answers ops.json --no-test')(home)
  const file = join(home.folder, 'integrations.yaml')
  const inHaste = '$&\n    retry: { attempts: 1 }\n    rate_limit: { per_second: none }'
  const config = readFileSync(file, 'utf8').replace('adapter: wecom-robot', inHaste)
  writeFileSync(file, `${config}alerts: { channels: [ops-chat] }\n`)
}

const bundle = 'new-server.bundle'
const backup = 'backups/caravan-2026-11-21.db'

export const recipes: Readonly<Record<string, Recipe>> = {
  init: { with: 'new', changes: true, examples: { 'caravan init': { isFresh: true } } },
  adapters: { shows: 'Haier' },
  add: {
    with: 'haier haier-two --answers answers.json',
    changes: true,
    also: [['add haier haier-two --answers answers.json --no-test', 0]],
    leftOut: [
      ['add', 2, 'Name one of: haier'],
      ['add haier haier-two', 2, '--client-id'],
    ],
    examples: {
      // It asks a person for twenty values.
      'caravan add haier': {
        exit: 2,
        says: 'haier needs more values',
        before: run('remove haier --yes'),
      },
    },
  },
  edit: {
    with: 'haier --timeout 20s',
    changes: true,
    leftOut: [
      ['edit', 2, 'haier'],
      ['edit haier', 2, '--unset'],
    ],
    // It asks a person what is to be changed.
    examples: { 'caravan edit haier': { exit: 2, says: 'what of haier is to be changed?' } },
  },
  list: { shows: '价格错误' },
  show: { with: 'sms-backup', shows: '价格错误', also: [['show haier', 0]] },
  test: {
    with: 'haier',
    changes: true,
    also: [['test --all --max-effect none', 0]],
    leftOut: [['test', 2, '--all']],
  },
  disable: {
    with: 'haier --reason 价格错误 --for 2h',
    changes: true,
    shows: '价格错误',
  },
  enable: { with: 'sms-backup', changes: true, also: [['enable haier', 0]] },
  call: {
    with: 'supplier.listProducts',
    changes: true,
    also: [
      ['call supplier.getStock code={code}', 0],
      ['call supplier.listProducts --dry-run', 0],
      ['call supplier.getStock code={code} --queue', 6],
    ],
    leftOut: [
      ['call', 2, 'sms.send'],
      ['call supplier.getStock', 2, 'code'],
    ],
    examples: {
      'caravan call sms.send to=+8618501234444 template=order_shipped --dry-run': {
        before: addSms,
      },
    },
  },
  'call result': {
    with: '{queued}',
    exit: 8,
    also: [['call result {call}', 0]],
    examples: {
      'caravan call result 01JHB2V7': { exit: 8 },
      'caravan call result 01JHB2V7 --wait 1s --json': { exit: 8 },
    },
  },
  'queue list': { also: [['queue list --all', 0]] },
  'queue show': { with: '{queued}' },
  'queue retry': {
    with: '--all-dead',
    changes: true,
    leftOut: [['queue retry', 2, '--all-dead']],
    // What waits already cannot be put back.
    examples: { 'caravan queue retry 01JHB2V7': { exit: 1, says: 'is waiting' } },
  },
  'queue drop': {
    with: '{queued} --reason 价格错误 --yes',
    changes: true,
    leftOut: [
      ['queue drop', 2, 'caravan queue drop <call>'],
      ['queue drop {queued} --yes', 2, '--reason'],
    ],
  },
  'queue settle': {
    with: '{queued} --sent --reason 价格错误',
    changes: true,
    before: leaveUnknown,
    leftOut: [['queue settle {queued} --reason x', 2, '--sent']],
    examples: {
      // What waits has not been sent, and nobody doubts it.
      'caravan queue settle 01JHB2V7': { exit: 1, says: 'is waiting' },
      'caravan queue settle 01JHB2V7 --not-sent --reason "not in its console"': {
        before: leaveUnknown,
      },
    },
  },
  'queue send': { changes: true },
  'hooks list': { also: [['hooks list --service haier --status received --since 2h', 0]] },
  'hooks show': { with: '{hook}', shows: '缺货' },
  'hooks replay': { with: '{hook}', changes: true },
  'hooks addresses': {},
  kinds: { shows: 'sms.send', also: [['kinds sms.send', 0]] },
  'route explain': {
    with: 'supplier',
    shows: '价格错误',
    also: [
      ['route explain supplier --operation getStock', 0],
      ['route explain sms', 0],
    ],
  },
  'route simulate': {
    with: 'supplier --calls 100 --seed 1',
    also: [['route simulate supplier --down haier', 0]],
  },
  'breaker list': {},
  'breaker trip': {
    with: 'haier --for 10m --reason 价格错误',
    changes: true,
    shows: '价格错误',
    leftOut: [['breaker trip haier', 2, '--reason']],
  },
  'breaker reset': {
    with: 'haier',
    changes: true,
    before: run('breaker trip haier --reason maintenance'),
    also: [['breaker reset sms-backup', 0]],
  },
  remove: { with: 'sms-backup --yes', changes: true },
  'secret set': {
    with: 'haier.password --file value.txt',
    changes: true,
    leftOut: [['secret set haier.password', 2, '--file']],
    examples: { 'caravan secret set haier.password': { stdin: 'a value' } },
  },
  'secret list': {},
  'secret remove': { with: 'haier.password --yes', changes: true },
  'config check': {
    examples: {
      'caravan --config /etc/caravan/integrations.yaml config check': { before: run('init etc') },
    },
  },
  'config history': {},
  'config diff': {
    with: '1 now',
    exit: 14,
    isData: true,
    examples: {
      'caravan config diff 1': { exit: 14 },
      'caravan config diff 1 now --json': { exit: 14 },
    },
  },
  'config rollback': { with: '1 --yes', changes: true },
  'config explain': { with: 'services.haier.timeout' },
  'config bundle': {
    with: 'other.bundle --for {recipient}',
    changes: true,
    leftOut: [
      ['config bundle other.bundle', 2, '--for'],
      ['config bundle other.bundle --passphrase', 2, 'passphrase'],
    ],
    examples: {
      'caravan config bundle new-server.bundle --for "$RECIPIENT"': { before: remove(bundle) },
      'pass bundle | caravan config bundle new-server.bundle --passphrase': {
        before: remove(bundle),
      },
    },
  },
  'config restore': { with: `${bundle} --yes`, changes: true },
  'key list': {},
  'key add': {
    with: '--file spare.key',
    changes: true,
    leftOut: [
      ['key add', 2, '--file'],
      ['key add --passphrase', 2, 'passphrase'],
    ],
  },
  'key remove': { with: 'passphrase --yes', changes: true },
  'key rotate': { changes: true },
  'token list': { changes: true, before: run('token create shop --scope read') },
  'token create': {
    with: 'shop --scope read,call --expires 90d',
    changes: true,
    leftOut: [['token create shop', 2, '--scope']],
  },
  'token revoke': {
    with: 'prometheus',
    changes: true,
    before: run('token create prometheus --scope read'),
    examples: {
      'caravan token revoke prometheus': { before: run('token create prometheus --scope read') },
    },
  },
  sync: {
    with: 'haier-products --prices --stock --from-start',
    changes: true,
    also: [
      ['sync haier-products --codes {code},NOSUCHONE', 3],
      ['sync haier-products --from-start --dry-run', 0],
      ['sync haier-products --retry-failed {failedRun}', 1],
    ],
    leftOut: [['sync', 2, 'haier-products']],
  },
  'import 1c': {
    with: 'import.xml offers.xml',
    changes: true,
    also: [['import 1c webdata --source other --dry-run', 0]],
  },
  'export 1c-catalog': { with: '--to out', changes: true },
  'export 1c-customers': { with: '--to out', changes: true },
  'export products': { isData: true, shows: 'Холодильник' },
  'jobs list': {
    shows: '价格错误',
    before: run('jobs pause 1c-catalog --reason 价格错误'),
    changes: true,
  },
  'jobs explain': {
    with: 'haier-products --tz Europe/Berlin',
    also: [['jobs explain 1c-catalog', 0]],
    leftOut: [['jobs explain', 2, 'job-or-cron']],
  },
  'jobs run': {
    with: 'haier-products --prices --stock --from-start',
    changes: true,
    leftOut: [['jobs run', 2, 'haier-products']],
  },
  'jobs pause': {
    with: 'haier-products --reason 价格错误 --for 2h',
    changes: true,
    shows: '价格错误',
  },
  'jobs resume': {
    with: 'haier-products',
    changes: true,
    before: run('jobs pause haier-products --reason maintenance'),
    also: [['jobs resume 1c-catalog', 0]],
  },
  'jobs missed': {
    changes: true,
    before: addToLedger,
    shows: '价格错误',
    also: [['jobs missed --since 7d --job haier-products', 0]],
  },
  'jobs ledger': {
    changes: true,
    before: addToLedger,
    shows: '价格错误',
    also: [['jobs ledger --status failed --job haier-products', 0]],
  },
  'runs list': {},
  'runs cancel': {
    with: `${running} --reason 价格错误`,
    changes: true,
    before: leaveRunning,
    shows: '价格错误',
    examples: {
      'caravan runs cancel 01JHB2V7 --reason "wrong prices"': { before: leaveRunning },
    },
  },
  'runs show': { with: '{failedRun}', also: [['runs show {run}', 0]] },
  'logs list': {
    examples: { 'caravan logs --follow': { stopAt: 'OUTCOME', exit: 143 } },
  },
  'logs show': { with: '{call}' },
  status: {
    examples: {
      // It is drawn on a terminal.
      'caravan status --watch --every 10s': { exit: 2, says: 'stdout is none' },
    },
  },
  metrics: { also: [['metrics --since 7d --service haier', 0]] },
  backup: {
    with: 'copy.db',
    changes: true,
    also: [['backup --rehearse', 0]],
    leftOut: [['backup', 2, '--rehearse']],
    examples: {
      'caravan backup /var/backups/caravan-2026-11-21.db': { before: remove(backup) },
    },
  },
  restore: { with: `${backup} --yes`, changes: true },
  daemon: {
    with: '--check',
    changes: true,
    examples: { 'caravan daemon --ping': { exit: 1, says: 'no daemon works on this state' } },
  },
  doctor: {
    changes: true,
    before: ({ folder }) => chmodSync(join(folder, 'caravan.db'), 0o644),
    exit: 14,
    also: [['doctor --fix', 0]],
  },
  clean: { changes: true, also: [['clean --dry-run', 0]] },
  'alerts list': {
    shows: '价格错误',
    changes: true,
    before: raiseAlert,
    also: [['alerts list --all', 0]],
  },
  'alerts show': {
    with: '01A',
    changes: true,
    before: raiseAlert,
    shows: '价格错误',
    examples: { 'caravan alerts show 01JHB2V7': { before: raiseAlert } },
  },
  'alerts rules': { shows: 'success_rate' },
  'alerts test': {
    changes: true,
    before: addChannel,
    // Nobody listens there.
    exit: 5,
    leftOut: [['alerts test', 1, 'channels: [<service>]']],
    examples: {
      'caravan alerts test': { before: addChannel, exit: 5 },
      'caravan alerts test --channel ops-chat': { before: addChannel, exit: 5 },
    },
  },
  'alerts silence': {
    with: '--subject haier --for 2h --reason 价格错误',
    changes: true,
    shows: '价格错误',
    leftOut: [
      ['alerts silence --for 2h --reason x', 2, '--subject'],
      ['alerts silence --subject haier --reason x', 2, '--for'],
      ['alerts silence --subject haier --for 2h', 2, '--reason'],
    ],
  },
  'alerts silences': {
    changes: true,
    before: run('alerts silence --subject haier --for 2h --reason 价格错误'),
    shows: '价格错误',
  },
  'alerts unsilence': {
    with: '01A',
    changes: true,
    before: raiseAlert,
    examples: { 'caravan alerts unsilence 01JHB2V7': { before: raiseAlert } },
  },
  explain: { with: 'state_busy', also: [['explain', 0]] },
  completion: {
    with: 'bash',
    isData: true,
    examples: {
      'caravan completion bash > ~/.local/share/bash-completion/completions/caravan': {
        before: makeHome('.local/share/bash-completion/completions'),
      },
      'caravan completion zsh > ~/.zfunc/_caravan': { before: makeHome('.zfunc') },
      'caravan completion fish > ~/.config/fish/completions/caravan.fish': {
        before: makeHome('.config/fish/completions'),
      },
    },
  },
  sandbox: {
    with: 'haier --products 5',
    stopAt: '/_twin/faults',
    exit: 143,
    changes: true,
    leftOut: [['sandbox', 2, 'haier']],
    examples: {
      'caravan sandbox haier --products 10000': { stopAt: '/_twin/faults', exit: 143 },
      'caravan sandbox haier --port 9000 --answers answers.json': {
        stopAt: '/_twin/faults',
        exit: 143,
        before: remove('answers.json'),
      },
    },
  },
}

/**
 * What stands for real things in the examples of the help, and what it is here. The first that fits is taken; values in
 * braces are those of home.ts.
 */
export const exampleNames: readonly (readonly [example: RegExp, here: string])[] = [
  [/GA0SZC00U,CEABL9000/g, '{code},{code2}'],
  [/GA0SZC00U/g, '{code}'],
  [/(?<=logs show )01JHB2V7/g, '{call}'],
  [/(?<=runs cancel )01JHB2V7/g, running],
  [/(?<=(?:queue \w+|call result) )01JHB2V7/g, '{queued}'],
  [/(?<=hooks \w+ )01JHB2V7/g, '{hook}'],
  [/(?<=alerts \w+ )01JHB2V7/g, '01A'],
  [/01JHB2V7/g, '{run}'],
  [/\/var\/backups\//g, 'backups/'],
  [/\/etc\/caravan/g, 'etc'],
  [/--port 9000/g, '--port 0'],
  [/\/root\//g, ''],
]

/** The words of a command as its recipe has them. */
export const wordsOf = (words: string, prepared: Prepared): string[] =>
  fillIn([words, recipes[words]?.with].filter(Boolean).join(' '), prepared).split(' ')

/** Puts the values of the project in the place of `{name}`. */
export const fillIn = (text: string, { values }: Prepared): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)

/** The commands that want a yes. */
export const consentCommands = (): string[] =>
  Object.keys(recipes).filter((words) => recipes[words]?.with?.endsWith('--yes'))

/** Where a command is run: those that only read share a project. */
export async function homeFor(words: string, prepared: Prepared): Promise<Home> {
  const recipe = recipes[words]
  const home = recipe?.changes ? prepared.copy() : prepared.reading
  await recipe?.before?.(home)
  return home
}
