/** A systemd unit for the project at hand. https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { App } from '../app/app.ts'
import { keyFileName } from '../config/secrets/find-key.ts'

export type Unit = {
  text: string
  /** What the operator should know of it. */
  words: string[]
}

/** What the unit is made from. */
export type UnitFacts = {
  /** The words that start the program. */
  program: readonly string[]
  config: string
  state: string
  /** A name, or a number where it has none. */
  user: string
  /** Whether the key comes from a file that the service can read by itself. */
  hasKeyFile: boolean
  /** `CARAVAN_KEY_FILE`, where it was given. */
  keyFileGiven?: string
  listen: string | null
  /** There is no state yet, so that the user is the owner of the config. */
  isNew?: boolean
  /** What the user cannot read, such as a key of root's. */
  unreadable?: readonly string[]
}

export async function unitOf(app: App): Promise<Unit> {
  const { config } = await app.config()
  const [file, state] = [app.file(), await app.statePath()]
  const keyFile = resolve(dirname(file), app.env.CARAVAN_KEY_FILE || config.key_file || keyFileName)
  const isNew = !existsSync(state)
  const { uid } = statSync(isNew ? file : state)
  return makeUnit({
    program: [process.execPath, realpathSync(process.argv[1] ?? '')],
    config: file,
    state,
    user: accountOf(uid).name,
    hasKeyFile: existsSync(keyFile),
    keyFileGiven: app.env.CARAVAN_KEY_FILE || undefined,
    listen: config.listen ?? null,
    isNew,
    unreadable: [file, keyFile].filter((path) => existsSync(path) && !mayRead(uid, path)),
  })
}

export function makeUnit(facts: UnitFacts): Unit {
  const paths = [...facts.program, facts.config, facts.state]
  const stateFolder = dirname(facts.state)
  const configFolder = dirname(facts.config)
  const writable = [...new Set([stateFolder, ...(facts.listen ? [configFolder] : [])])]
  const own = /^\/var\/lib\/([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(stateFolder)?.[1]
  const isUnder = (...tops: string[]) =>
    paths.some((path) => tops.some((top) => path.startsWith(`${top}/`)))
  const port = Number(facts.listen?.split(':').at(-1) ?? 65_535)
  const mayBind = port < 1024 ? 'CAP_NET_BIND_SERVICE' : ''
  const start = [...facts.program, '--config', facts.config, 'daemon']
    .map((word) => quoteWord(word).replaceAll('$', '$$$$')) // else the name of a variable
    .join(' ')

  const warnings = warningsOf(facts)

  const text = `# Made by "caravan daemon --print-unit". Install it as /etc/systemd/system/caravan.service, then:
#   systemctl daemon-reload && systemctl enable --now caravan
[Unit]
Description=Caravan: data and calls between a business and its outside services
After=network-online.target time-sync.target
Wants=network-online.target
# What fails again and again is left alone after ten starts in ten minutes.
StartLimitIntervalSec=10min
StartLimitBurst=10

[Service]
Type=notify
# "systemd-notify" speaks for the daemon, and is a process of its own.
NotifyAccess=all
ExecStart=${start}
ExecReload=/bin/kill -HUP $MAINPID
${warnings.map((one) => `# ${one.replaceAll(/\p{Cc}/gu, ' ')}\n`).join('')}User=${facts.user}
# Values for the placeholders of the config: NAME=value, a line each. Mode 0600.
EnvironmentFile=-/etc/caravan/environment
${credentialLines(facts)}
# A signal asks it to end; what is under way may end within 30 s.
KillMode=mixed
TimeoutStopSec=45s
SuccessExitStatus=130 143
# A start brings the state to a new version first; that takes its time where there is much.
TimeoutStartSec=15min
# It says so as long as its scheduler looks for what is due.
WatchdogSec=60s
Restart=on-failure
RestartSec=5s
# Wrong usage, missing credentials, a config with faults, a key that does not fit: starting again mends none of them.
RestartPreventExitStatus=2 4 9 12

${own ? `StateDirectory=${own}\nStateDirectoryMode=0700` : `ReadWritePaths=${quoteWord(stateFolder)}`}
${writable
  .slice(1)
  .map((folder) => `# "enable" over HTTP writes the config.\nReadWritePaths=${quoteWord(folder)}\n`)
  .join('')}CacheDirectory=caravan
CacheDirectoryMode=0700
Environment=XDG_CACHE_HOME=%C/caravan
UMask=0077
LimitCORE=0

NoNewPrivileges=yes
CapabilityBoundingSet=${mayBind}
AmbientCapabilities=${mayBind}
ProtectSystem=strict
ProtectHome=${isUnder('/home', '/root', '/run/user') ? 'read-only' : 'yes'}
PrivateTmp=${isUnder('/tmp', '/var/tmp') ? 'no' : 'yes'}
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
# The JavaScript engine writes machine code while it runs.
MemoryDenyWriteExecute=no
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
  return { text, words: warnings }
}

/** What keeps the unit from doing well as it is. */
function warningsOf({ user, isNew, unreadable = [], config }: UnitFacts): string[] {
  const owned = isNew ? `There is no state yet, and ${config}` : 'The state'
  return [
    ...(user === 'root'
      ? [`${owned} belongs to root. Give it to a user of its own first: the unit names its owner.`]
      : []),
    ...unreadable.map(
      (path) => `${user} cannot read ${path}: chown ${user} ${path} and its folder.`,
    ),
  ]
}

const credentialLines = ({ hasKeyFile, keyFileGiven }: UnitFacts): string =>
  hasKeyFile
    ? `${keyFileGiven ? `Environment=${quoteWord(`CARAVAN_KEY_FILE=${resolve(keyFileGiven)}`)}\n` : ''}# The key is read from its file. To keep it sealed instead, seal it with
#   systemd-creds encrypt --name=caravan-key <key file> /etc/credstore.encrypted/caravan-key
# remove the file, and take the # off:
#LoadCredentialEncrypted=caravan-key`
    : `# Sealed with: systemd-creds encrypt --name=caravan-key <key file> /etc/credstore.encrypted/caravan-key
LoadCredentialEncrypted=caravan-key`

/** In double quotes where the text needs them; a percent sign is one of systemd's own. */
function quoteWord(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /^[\w%$./:@+,=-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** By the files of this machine; whom only a directory service knows has a number and no groups. */
function accountOf(uid: number): { name: string; groups: ReadonlySet<number> } {
  const rowsOf = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
  const found = rowsOf('/etc/passwd').find(([, , id]) => id === String(uid))
  if (!found) return { name: String(uid), groups: new Set() }
  const [name = '', , , gid] = found
  const others = rowsOf('/etc/group').filter(([, , , members]) =>
    members?.split(',').includes(name),
  )
  return { name, groups: new Set([gid, ...others.map(([, , id]) => id)].map(Number)) }
}

/** By owner and mode of the file, and of every folder above it. */
function mayRead(uid: number, path: string): boolean {
  if (uid === 0) return true
  const { groups } = accountOf(uid)
  const has = (at: string, right: number): boolean => {
    const { uid: owner, gid, mode } = statSync(at)
    const shift = owner === uid ? 6 : groups.has(gid) ? 3 : 0
    return ((mode >> shift) & right) !== 0
  }
  const isOpen = (folder: string): boolean =>
    has(folder, 1) && (dirname(folder) === folder || isOpen(dirname(folder)))
  return has(path, 4) && isOpen(dirname(realpathSync(path)))
}
