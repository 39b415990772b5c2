/**
 * Why a connection test fails: a closed list, so that a script can decide by the word. What happened here and now is told
 * by the message of the result; this says what a cause means in general and what to do about it.
 */
import type { Exit } from './exit-codes.ts'

/** What a connection test climbs, in this order; it stops at the first rung that is broken. */
export const rungs = ['config', 'dns', 'tcp', 'tls', 'clock', 'credentials', 'operation'] as const
export type Rung = (typeof rungs)[number]

export type CauseEntry = {
  /** Where it is usually met. A call may meet it too, when it goes to another address than the rungs looked at. */
  rung: Rung
  exit: Exit
  /** What the cause is, as a sentence. */
  says: string
  /** What to do about it. */
  next: string
}

export const causes = {
  config_invalid: {
    rung: 'config',
    exit: 'config',
    says: 'The config of the service has a fault.',
    next: 'Correct integrations.yaml; "caravan config check" shows every fault with its line.',
  },
  credential_missing: {
    rung: 'config',
    exit: 'credentials',
    says: 'A placeholder in the config has no value: a variable is not set, or a secret is not stored.',
    next: 'Set the variable, or store the value with "caravan secret set <name>".',
  },
  secrets_locked: {
    rung: 'config',
    exit: 'secrets',
    says: 'The stored secrets cannot be opened: the key is missing, malformed or another one.',
    next: 'Give caravan the key of this state in CARAVAN_KEY, CARAVAN_KEY_FILE, or caravan.key beside the config.',
  },
  service_disabled: {
    rung: 'config',
    exit: 'done',
    says: 'The service is disabled, in the config or by an operator, so "--all" leaves it out. This is no failure.',
    next: 'Name it to test it all the same: "caravan test <service>".',
  },
  dns_unknown_host: {
    rung: 'dns',
    exit: 'config',
    says: 'DNS answers that there is no host of this name.',
    next: 'Check the spelling of the address in the config, and whether the name is known to another network only.',
  },
  dns_failed: {
    rung: 'dns',
    exit: 'temporary',
    says: 'DNS gave no answer, so it is not known whether the host exists.',
    next: 'Check the name servers of this machine and its network, then test again.',
  },
  connection_refused: {
    rung: 'tcp',
    exit: 'temporary',
    says: 'The host is there, but nothing listens on the port.',
    next: 'Check the port of the address in the config; if it is right, the vendor is down.',
  },
  connection_timeout: {
    rung: 'tcp',
    exit: 'temporary',
    says: 'Nobody answered the attempt to connect: most often a firewall drops it without a word.',
    next: 'Ask whether this machine may reach the host and port, or whether it must go through a proxy.',
  },
  network_unreachable: {
    rung: 'tcp',
    exit: 'temporary',
    says: 'This machine has no way to the network of the host.',
    next: 'Check the network and the routes of this machine, or the proxy it has to use.',
  },
  proxy_failed: {
    rung: 'tcp',
    exit: 'temporary',
    says: 'The proxy was not found, did not answer or refused to open the connection.',
    next: 'Check "proxy" of the service or HTTPS_PROXY, its user name and password, and what the proxy allows.',
  },
  tls_expired: {
    rung: 'tls',
    exit: 'failed',
    says: 'The certificate of the host has ended, or has not begun yet.',
    next: 'Check the clock of this machine. If it is right, the vendor has to renew the certificate.',
  },
  tls_untrusted: {
    rung: 'tls',
    exit: 'failed',
    says: 'The certificate of the host is not signed by an authority that this machine trusts.',
    next: 'If the authority is your own, name its certificate in NODE_EXTRA_CA_CERTS. Otherwise somebody stands between.',
  },
  tls_wrong_host: {
    rung: 'tls',
    exit: 'failed',
    says: 'The certificate is for another host than the address names.',
    next: 'Check the address in the config. If it is right, another server answers at it: ask the vendor.',
  },
  tls_failed: {
    rung: 'tls',
    exit: 'failed',
    says: 'The TLS connection did not come about.',
    next: 'Check that the port of the address speaks TLS, and whether a firewall or a proxy cuts it off.',
  },
  clock_skewed: {
    rung: 'clock',
    exit: 'failed',
    says: 'The clocks of this machine and of the vendor differ so much that signatures and tokens are refused.',
    next: 'Set the clock of this machine: "timedatectl" shows whether it is kept in step.',
  },
  credentials_refused: {
    rung: 'credentials',
    exit: 'credentials',
    says: 'The vendor refused the credentials.',
    next: 'Compare the credentials with the vendor\'s console, and store them with "caravan secret set".',
  },
  access_denied: {
    rung: 'credentials',
    exit: 'credentials',
    says: 'The vendor knows the account but does not let it in here.',
    next: 'Ask the vendor for the permission, or to put the address of this machine on its list.',
  },
  service_held: {
    rung: 'credentials',
    exit: 'credentials',
    says: 'Credentials were refused so often in a row that nothing is sent, for the vendor might lock the account.',
    next: 'Correct the credentials; the service is free again as soon as its config changes.',
  },
  rate_limited: {
    rung: 'operation',
    exit: 'temporary',
    says: 'The vendor allows no more requests at the moment.',
    next: 'Wait, and look for what makes so many calls: "caravan logs list" shows them.',
  },
  vendor_unavailable: {
    rung: 'operation',
    exit: 'temporary',
    says: 'The vendor answered that it cannot serve: a failure of its own, or maintenance.',
    next: 'Test again later; if it lasts, ask the vendor.',
  },
  no_answer: {
    rung: 'operation',
    exit: 'temporary',
    says: 'The vendor did not answer in time.',
    next: 'Test again later. If this is its usual pace, raise "timeout" of the service.',
  },
  connection_broken: {
    rung: 'operation',
    exit: 'temporary',
    says: 'The connection broke before the answer was complete.',
    next: 'Test again. If it lasts, a firewall or a proxy may cut connections, or the vendor is failing.',
  },
  breaker_open: {
    rung: 'operation',
    exit: 'temporary',
    says: 'Calls failed so often in a row that the breaker of the service lets none through for a while.',
    next: 'See why the last calls failed with "caravan logs list", and test again when the breaker lets one through.',
  },
  bad_answer: {
    rung: 'operation',
    exit: 'failed',
    says: "An answer came, but not one of this vendor's interface.",
    next: 'Check the address: a login page, a proxy or a maintenance page may be answering there.',
  },
  wrong_address: {
    rung: 'operation',
    exit: 'config',
    says: 'The host answers that the address does not exist or lies elsewhere.',
    next: "Check the addresses in the config against the vendor's documentation.",
  },
  rejected: {
    rung: 'operation',
    exit: 'failed',
    says: 'The vendor understood the request and refused it.',
    next: "Read the vendor's own words in the message; often the account lacks something or is frozen.",
  },
  effect_not_allowed: {
    rung: 'credentials',
    exit: 'done',
    says: 'The test would do more than "--max-effect" allows, so it was left out. This is no failure.',
    next: 'To run it all the same, raise the limit, such as "--max-effect write"; it may change or cost something.',
  },
  deadline_reached: {
    rung: 'operation',
    exit: 'deadline',
    says: 'The time for the whole test was over before this service was done.',
    next: 'Give it more time with "--deadline", or test fewer services at once.',
  },
  interrupted: {
    rung: 'operation',
    exit: 'interrupted',
    says: 'The test was stopped before this service was done.',
    next: 'Run it again.',
  },
  internal: {
    rung: 'operation',
    exit: 'failed',
    says: 'Caravan met a fault of its own.',
    next: 'Report it with the steps that led here; "--debug" shows where it happened.',
  },
} as const satisfies Record<string, CauseEntry>

export type Cause = keyof typeof causes

/**
 * The exit of a test of many services is that of the worst of them. Worst is what a person here has to mend, and what
 * hides other faults: config, then the key, then credentials. What may pass by itself comes last, so that a job that
 * repeats on 5 never repeats what will not heal.
 */
export const worstFirst: readonly Exit[] = [
  'interrupted',
  'config',
  'secrets',
  'credentials',
  'failed',
  'temporary',
  'deadline',
  'done',
]

/** The exit of several causes together; `done` for none. */
export const worstExit = (found: readonly Cause[]): Exit =>
  worstFirst.find((exit) => found.some((cause) => causes[cause].exit === exit)) ?? 'done'
