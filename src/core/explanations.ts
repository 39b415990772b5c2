/**
 * What every code means and what to do about it: shown by `caravan explain` and made into docs/errors.md. An error itself
 * says what happened here and now; this says what it means in general. Only `explain` and the generator load this file.
 */
import type { ErrorCode, FailureKind, Outcome } from './errors.ts'
import type { Exit } from './exit-codes.ts'

/** Whole sentences. `next` names the command to run where one helps. */
export type Explanation = { cause: string; next: string }

export const codeExplanations: Readonly<Record<ErrorCode, Explanation>> = {
  usage: {
    cause: 'The command, a flag or a value on the command line is not one that caravan knows.',
    next: 'Read what the command takes with "--help" behind it, and correct the line.',
  },
  value_missing: {
    cause: 'A value that is needed was not given, and there is no terminal to ask for it.',
    next: 'Give it with the flag that the error names, from stdin or from a file.',
  },
  input_invalid: {
    cause: 'What a command was given to work on, such as a file, cannot be used as it is.',
    next: 'Correct the input as the error says, then run the command again; nothing of it was saved.',
  },
  file_missing: {
    cause: 'A file or folder named on the command line is not there.',
    next: 'Check the path with "ls -l", then run the command again; nothing was done.',
  },
  file_unreadable: {
    cause:
      'A file or folder named on the command line cannot be read, or this user may not read it.',
    next: 'Check the path and its permissions with "ls -l", then run the command again.',
  },
  file_unwritable: {
    cause:
      'A file cannot be written: its folder is missing, belongs to another user, or the disk is full or read-only.',
    next: 'Name another place, or make the folder writable for this user. What stood there before is still whole.',
  },
  xml_malformed: {
    cause: 'An exchange file is not well-formed XML, most often because it was cut off on its way.',
    next: 'Export the file from 1C again, then run "caravan import 1c" on it; what was saved before the fault stays.',
  },
  xml_limit: {
    cause: 'An exchange file is deeper, wider or longer in one place than any real one.',
    next: 'Find out where the file comes from before it is imported with "caravan import 1c".',
  },
  consent_missing: {
    cause: 'The command would do something that cannot be undone, and nobody agreed to it.',
    next: 'Run it on a terminal and agree, or give the flag that the error names.',
  },
  guard_shrunk: {
    cause:
      'A full listing was so much shorter than the last one that it looks cut off. Nothing was marked as missing.',
    next: 'Look at the source first. If the items are really gone, run "caravan sync" again with --accept-shrink.',
  },
  guard_failures: {
    cause: 'So many items of a run failed that it was stopped. What was saved before that stays.',
    next: 'See the reasons with "caravan runs show", mend them, then run "caravan sync" again: it goes on from there.',
  },
  config_missing: {
    cause: 'There is no integrations.yaml in any of the places where it is looked for.',
    next: 'Make one with "caravan init", or name it with --config or CARAVAN_CONFIG.',
  },
  config_unreadable: {
    cause: 'integrations.yaml cannot be read, or it is not YAML that caravan understands.',
    next: 'Check its permissions and its first lines; "caravan config check" shows where it stops.',
  },
  config_invalid: {
    cause:
      'integrations.yaml has a key or a value that is not allowed, or lacks one that is needed.',
    next: 'See every fault with its line with "caravan config check", and correct the file.',
  },
  config_changed: {
    cause:
      'integrations.yaml was changed, or is being changed, by somebody else at the same moment.',
    next: 'Look at the file, then run the command again. Nothing was written.',
  },
  config_uneditable: {
    cause:
      'The part of integrations.yaml to be changed is written in a way that only a person can edit.',
    next: 'Change it by hand, then run "caravan config check".',
  },
  config_unwritable: {
    cause:
      'integrations.yaml or the key file cannot be written: its folder is not writable, or the disk is full.',
    next: 'Make the folder writable for the user that runs caravan, and run the command again.',
  },
  config_key_unknown: {
    cause: 'No schema knows this key, so integrations.yaml cannot hold it.',
    next: 'Take the nearest right key that is named, or see every key in integrations.example.yaml.',
  },
  version_unknown: {
    cause: 'No version of integrations.yaml was recorded under this number.',
    next: 'See the numbers with "caravan config history".',
  },
  version_incomplete: {
    cause:
      'The version held secrets in clear, which the state does not keep, and the present file has no values for them.',
    next: 'Put a placeholder or a value at the fields that are named, then roll back again.',
  },
  placeholder_unset: {
    cause:
      'A value in integrations.yaml points at a variable, a file or a stored secret that is not there.',
    next: 'Set the variable, or store the secret with "caravan secret set"; "caravan config check" lists every such place.',
  },
  service_unknown: {
    cause: 'integrations.yaml has no service of this name.',
    next: 'See the names with "caravan list", or add the service with "caravan add".',
  },
  adapter_unknown: {
    cause: 'This caravan has no adapter of this name.',
    next: 'See those it has with "caravan adapters".',
  },
  job_unknown: {
    cause: 'This caravan has no job of this name.',
    next: 'See those it has with "caravan jobs".',
  },
  run_unknown: {
    cause:
      'No run has this id, or begins with it. Old runs are deleted after the time in "retention".',
    next: 'See the latest ones with "caravan runs".',
  },
  call_unknown: {
    cause:
      'No call has this id, or begins with it. Old calls are deleted after the time in "retention".',
    next: 'See the latest ones with "caravan logs".',
  },
  hook_unknown: {
    cause:
      'No webhook has this id, or begins with it. Old ones are deleted after the time in "retention".',
    next: 'See the latest ones with "caravan hooks".',
  },
  alert_unknown: {
    cause:
      'No alert has this id, or begins with it. Old ones are deleted after the time in "retention".',
    next: 'See them with "caravan alerts --all".',
  },
  silence_unknown: {
    cause: 'No silence has this id, or begins with it.',
    next: 'See those that hold with "caravan alerts silences".',
  },
  rule_unknown: {
    cause: 'No rule raises alerts under this name.',
    next: 'See all of them with "caravan alerts rules".',
  },
  code_unknown: {
    cause: 'No error, failure or exit code of caravan has this name.',
    next: 'See all of them with "caravan explain".',
  },
  source_unknown: {
    cause: 'Nothing is kept of this source: no product, price or customer came from it.',
    next: 'Look at the sources that the error names, or sync or import first.',
  },
  kind_unknown: {
    cause: 'No kind of service has the name that was given.',
    next: 'List the kinds and their operations with "caravan kinds".',
  },
  operation_unknown: {
    cause: 'The kind of service has no operation of the name that was given.',
    next: 'List the kinds and their operations with "caravan kinds".',
  },
  secret_unknown: {
    cause: 'The store holds no secret of this name.',
    next: 'See the names with "caravan secret list", or store it with "caravan secret set".',
  },
  service_exists: {
    cause: 'integrations.yaml has a service of this name already.',
    next: 'Choose another name, or take the old service out with "caravan remove".',
  },
  no_service: {
    cause: 'No service that is switched on offers what was asked for.',
    next: 'See what there is with "caravan list"; add one with "caravan add" or switch it on with "caravan enable".',
  },
  token_exists: {
    cause: 'A token of this name holds already, and each token has a name of its own.',
    next: 'Take another name, or end the one there is with "caravan token revoke".',
  },
  token_unknown: {
    cause: "No token of the listener's API has this name.",
    next: 'See the names with "caravan token list".',
  },
  listen_failed: {
    cause:
      'The daemon cannot listen at the address in "listen": another program does, or it is not one of this machine.',
    next: 'See who has the port with "ss -ltnp", or name another address in integrations.yaml; it is tried again by itself.',
  },
  queue_settled: {
    cause: 'A call in the outbox has ended, so that it can neither be sent again nor be taken out.',
    next: 'Look at what became of it with "caravan queue show"; to send it once more, make a new call.',
  },
  key_reused: {
    cause: 'An idempotency key was given a second time with another input. Nothing was sent.',
    next: 'Give each message a key of its own. "caravan logs" shows the call that used it first.',
  },
  check_failed: {
    cause: 'A rehearsed backup did not pass one of its checks.',
    next: 'Mend what the check names, then make a new one with "caravan backup" and rehearse it.',
  },
  job_running: {
    cause: 'Another process is running this job, or has taken this run over.',
    next: 'Wait for it; "caravan runs" shows how far it is.',
  },
  daemon_running: {
    cause: 'Another daemon works on the same state: there is one for each.',
    next: 'Leave it at that, or stop the other one first; "caravan status" names its process and its host.',
  },
  daemon_missing: {
    cause:
      'No daemon works on this state, or its scheduler has not looked for what is due for a while.',
    next: 'Start one with "caravan daemon", or look into the log of the one that should run.',
  },
  run_cancelled: {
    cause: 'An operator ended this run with "caravan runs cancel". What it had saved stays.',
    next: 'The next run goes on where it was; "caravan runs show" tells who cancelled it, and why.',
  },
  run_timeout: {
    cause: 'The run took longer than the "timeout" of its job allows, and was stopped.',
    next: 'Raise "timeout" of the job in integrations.yaml, or see with "caravan logs" what was slow; the next run goes on where it was.',
  },
  run_ended: {
    cause: 'The run that was to be cancelled is over.',
    next: 'Look at how it ended with "caravan runs show".',
  },
  call_running: {
    cause:
      'A call is under way in another process: one with the same idempotency key, or this very one.',
    next: 'Wait for it; "caravan call result" tells what became of it. Nothing was sent or changed.',
  },
  key_missing: {
    cause:
      'There is no key to open the stored secrets with, in any of the places where it is looked for.',
    next: 'Bring back the key that this state was made with; only a new installation gets one from "caravan init".',
  },
  key_wrong: {
    cause: 'The key in use is not the one that the stored secrets were sealed with.',
    next: 'Give caravan the key that belongs to this state; "caravan key list" shows what unlocks it, "caravan config check" that the secrets open.',
  },
  key_malformed: {
    cause:
      'What was given as a key, or as a recipient, is not one: a part of it was lost or changed.',
    next: 'Copy it again, whole. A new key from "caravan init" cannot open old secrets.',
  },
  key_unsafe: {
    cause: 'The key file can be read or changed by other users of this machine.',
    next: 'Run "chmod 600" on it, and make sure that it belongs to the user that runs caravan.',
  },
  key_exists: {
    cause: 'There is a key file already, and secrets sealed with it open with nothing else.',
    next: 'Use it. Move it away only when no state needs it, then run "caravan init".',
  },
  key_unwritable: {
    cause: 'A new key file could not be written where it was asked for.',
    next: 'Let this user write into the folder, or name another file.',
  },
  key_last: {
    cause:
      'The last key slot was to be removed, after which nothing would open the stored secrets.',
    next: 'Add another slot first with "caravan key add", then remove this one.',
  },
  slot_unknown: {
    cause: 'No key slot has this id or label.',
    next: 'See the slots with "caravan key list".',
  },
  secret_damaged: {
    cause: 'The record of a stored secret was altered, cut or moved, so it cannot be opened.',
    next: 'Store it again with "caravan secret set", or put a backup back with "caravan restore".',
  },
  bundle_damaged: {
    cause:
      'The file is not a bundle of the config, was cut or altered on its way, or was made by a newer caravan.',
    next: 'Copy it again as a binary file, or make it again with "caravan config bundle". A backup of the state is restored with "caravan restore".',
  },
  backup_unusable: {
    cause: 'The file that was named as a backup is missing, cut off, damaged or something else.',
    next: 'Name a file that "caravan backup" made; "caravan backup --rehearse <file>" tries one out.',
  },
  state_missing: {
    cause: 'The state file is not where integrations.yaml says it is.',
    next: 'Put a lost file back with "caravan restore"; a new project begins with "caravan init".',
  },
  state_exists: {
    cause: 'There is a file already where the command would write a new one.',
    next: 'Name another file, or move the old one away together with its -wal and -shm files.',
  },
  state_empty: {
    cause:
      'The state file is empty: its content was lost, as after a full disk or a careless copy.',
    next: 'Put a backup back with "caravan restore".',
  },
  state_foreign: {
    cause: 'The file that integrations.yaml names as the state is not one of caravan.',
    next: 'Correct "state" in integrations.yaml, or put a backup back with "caravan restore".',
  },
  state_damaged: {
    cause: 'The state file is cut off, overwritten, or lacks its -wal file.',
    next: 'Keep the damaged file for a look, and put a backup back with "caravan restore".',
  },
  state_newer: {
    cause: 'The state was written by a newer caravan than this one. It was left untouched.',
    next: 'Upgrade caravan on this machine; "caravan --version" tells which one it has.',
  },
  state_stale_wal: {
    cause:
      'A -wal file lies beside a state file that it does not belong to, as after a copy by hand.',
    next: 'Stop every caravan process and put a backup back with "caravan restore", which leaves nothing behind.',
  },
  state_swapped: {
    cause:
      'The state file and what belongs to it, its key check or its call log, come from two installations.',
    next: 'Put the state back from one backup with "caravan restore", and use the key that belongs to it.',
  },
  state_read_only: {
    cause:
      'This user may not write the state file or its folder, or the disk is mounted read-only.',
    next: 'Run caravan as the owner of the file, or give the file and its folder to this user.',
  },
  state_full: {
    cause: 'The disk that holds the state is full. What was saved before stays.',
    next: 'Free some space, then run the command again; "caravan status" shows the size of the state.',
  },
  state_busy: {
    cause: 'Another process held the state for longer than caravan waits.',
    next: 'Try again; a long "caravan backup" or import may be at work.',
  },
  state_io: {
    cause: 'The disk or its file system refused to read or write the state.',
    next: 'Check the disk and that the state lies on a local one, then look at it with "caravan status".',
  },
  files_exhausted: {
    cause: 'The process had as many files and connections open as the system lets it have.',
    next: 'Allow it more with "ulimit -n" or LimitNOFILE= of its unit, then start it again; a daemon needs some hundred.',
  },
  internal: {
    cause: 'Caravan met a fault of its own.',
    next: 'Run the command again with --debug, and report what it prints with the steps that led there.',
  },
}

/** The failures of a call to an outside service, by kind. */
export const failureExplanations: Readonly<Record<FailureKind, Explanation>> = {
  config: {
    cause:
      'The service cannot be called with the config it has: an address, a proxy or a certificate is wrong.',
    next: 'Correct its fields in integrations.yaml, then try it with "caravan test".',
  },
  auth: {
    cause: 'The vendor refused the credentials, or they lack the right for this operation.',
    next: 'Check them in the vendor\'s console, store the new ones with "caravan secret set", and try "caravan test".',
  },
  rate_limited: {
    cause: 'The vendor, or a limit set for the service, allows no more calls for now.',
    next: 'Wait; caravan obeys the time the vendor names. "caravan show" tells the limits of the service.',
  },
  unavailable: {
    cause:
      'The vendor cannot be reached, answers that it is down, or the breaker keeps calls from it.',
    next: 'See which rung is broken with "caravan test" and the last calls with "caravan logs"; then try again later.',
  },
  timeout: {
    cause: 'The vendor did not answer in time. It may still have acted.',
    next: 'Look at the call with "caravan logs show"; raise "timeout" of the service if its answers are slow as a rule.',
  },
  rejected: {
    cause: 'The vendor understood the request and declined it, for a reason of its own.',
    next: 'Read the vendor\'s words with "caravan logs show" and correct what was asked for.',
  },
  bad_response: {
    cause: 'The vendor answered with something that is not what its interface promises.',
    next: 'Look at the answer with "caravan logs show"; ask the vendor, or report it when its interface has changed.',
  },
  cancelled: {
    cause: 'The call was stopped, by a person, a signal or the end of its run.',
    next: 'Run the command again when it shall go on.',
  },
}

/** Codes of ours that stand behind the kind, where a vendor's own would: found before anything was sent. */
export const callCodeExplanations: Readonly<
  Record<'template_unknown' | 'template_params', Explanation & { kind: FailureKind }>
> = {
  template_unknown: {
    kind: 'config',
    cause:
      'The config of the service has no template of this name, or not the order of its values.',
    next: 'Add it under "templates" with "caravan edit"; "caravan call … --dry-run" shows which services have it.',
  },
  template_params: {
    kind: 'rejected',
    cause: 'The values that were given are not those that the template takes.',
    next: 'Compare them with "templates" in the config of the service, and correct what was asked for.',
  },
}

/** Whether a failed call may have had an effect at the vendor. */
export const outcomeExplanations: Readonly<Record<Outcome, Explanation>> = {
  not_done: {
    cause: 'The vendor has certainly not acted.',
    next: 'Mend the cause and run the command again; nothing can happen twice.',
  },
  unknown: {
    cause: 'The request left, and no answer tells whether the vendor acted.',
    next: 'Find out in the vendor\'s console before it is done again; the request stands in "caravan logs show".',
  },
}

/** What a caller of the program does about each exit code. */
export const exitExplanations: Readonly<Record<Exit, Explanation>> = {
  done: { cause: 'Everything was done, and nothing failed.', next: 'There is nothing to do.' },
  failed: {
    cause: 'The command or the run failed.',
    next: 'Read the code in brackets on stderr, and look it up with "caravan explain".',
  },
  usage: {
    cause: 'The command line was wrong; nothing was begun.',
    next: 'Correct the line; "--help" behind a command shows what it takes.',
  },
  partial: {
    cause: 'Some items were saved and some failed.',
    next: 'See which with "caravan runs show", and take just those with "caravan sync" and --retry-failed.',
  },
  credentials: {
    cause: 'Credentials are missing, or the vendor refused them.',
    next: 'Try the service with "caravan test", and store new ones with "caravan secret set".',
  },
  temporary: {
    cause: 'The vendor is down, allows no more calls for now, or its breaker is open.',
    next: 'Try again later; "caravan status" shows which service it is.',
  },
  unsettled: {
    cause: 'The call was accepted for later, or nobody knows whether the vendor acted.',
    next: 'Look at the call with "caravan logs show" before it is made again.',
  },
  guarded: {
    cause: 'A guard stopped the command, or nobody agreed to what it would do.',
    next: 'Read what the guard found, then agree with the flag that the error names.',
  },
  pending: { cause: 'What was asked about has not ended yet.', next: 'Ask again later.' },
  config: {
    cause: 'integrations.yaml is missing, cannot be read, or has faults.',
    next: 'See every fault with its line with "caravan config check".',
  },
  notFound: {
    cause: 'A name on the command line is not one that exists.',
    next: 'Take the name that the error proposes, or look at the list that it names.',
  },
  locked: {
    cause: 'Another process holds what the command needs.',
    next: 'Wait until it is done, and run the command again.',
  },
  secrets: {
    cause: 'The stored secrets cannot be opened with the key in use.',
    next: 'Bring back the key that the state was made with.',
  },
  deadline: {
    cause: 'The time that was allowed for the command ran out.',
    next: 'Allow more time, or see with "caravan status" what is slow.',
  },
  finding: {
    cause: 'The command did its work and found something to look at.',
    next: 'Read the findings; each names the command that mends it.',
  },
  interrupted: {
    cause: 'The command was interrupted, as with Ctrl-C.',
    next: 'Run it again; a run goes on where it was.',
  },
  terminated: {
    cause: 'The command was asked to end by SIGTERM, as by the system at a shutdown.',
    next: 'Run it again; a run goes on where it was.',
  },
}
