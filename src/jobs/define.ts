import type { z } from 'zod'
import type { Change } from '../core/change.ts'
import type { Clock } from '../core/clock.ts'
import type { Client, Kind } from '../core/kind.ts'
import type { Db } from '../store/schema.ts'
import type { Counters } from '../store/runs.ts'

/** An item that could not be saved: the run goes on without it, and `--retry-failed` takes it up again. */
export type ItemFailure = {
  key: string
  reason: string
  raw?: unknown
  /** Where it stood among the items and failures of its batch, from 0; tells what failed in a row. */
  position?: number
}

export type Batch<Item, Checkpoint> = {
  items: Item[]
  /** Where the next run continues once this batch is saved. */
  checkpoint: Checkpoint
  failures?: ItemFailure[]
}

/** What a batch did to the tables. */
export type Saved = {
  created: number
  updated: number
  unchanged: number
  /** Of the updated: those that the source itself marked as gone. */
  marked?: number
}

export type Progress = { done: number; total?: number; unit: string }

export type JobContext<Needs extends Record<string, Kind>, Options> = {
  /** One client for each kind the job needs. */
  use: { [Name in keyof Needs]: Client<Needs[Name]> }
  /** The service behind each client: the source under which records are kept. */
  source: Record<keyof Needs & string, string>
  options: Options
  db: Db
  clock: Clock
  signal: AbortSignal
  runId: string
  /** Id of the job. */
  job: string
  /** Names this way of running the job: its checkpoint, and what it keeps between batches, stand under it. */
  scope: string
  isDryRun: boolean
  /** Nothing an earlier run left may be gone on with. */
  isFromStart: boolean
  /** How many items there are, once that is known. */
  expect(total: number, unit: string): void
  /** Something a person should know that fails nothing. */
  note(text: string): void
}

/** Code that copies one thing to another, batch by batch, and can be stopped and continued anywhere between two. */
export type SyncJob<
  Needs extends Record<string, Kind> = Record<string, Kind>,
  Options extends z.ZodObject = z.ZodObject,
  Checkpoint extends z.ZodType = z.ZodType,
  Item = unknown,
> = {
  /** Stands in people's configs and databases and never changes. */
  id: string
  title: string
  needs: Needs
  /** What can be set by `with` in the config and by flags. */
  options: Options
  /** Options that are a consent or a wish for one run: flags alone, never the config, and no part of its scope. */
  onlyFlags?: readonly (keyof z.output<Options> & string)[]
  checkpoint: Checkpoint
  /** True when the next run goes on behind this one; else a checkpoint only serves to finish an interrupted run. */
  keepsCheckpoint?: boolean
  /** The options that take up only these keys of an earlier run. */
  retry(options: z.output<Options>, keys: string[]): z.output<Options>
  read(
    context: JobContext<Needs, z.output<Options>>,
    from: z.output<Checkpoint> | undefined,
  ): AsyncGenerator<Batch<Item, z.output<Checkpoint>>>
  /** Saves one batch; the runner commits it together with its checkpoint and counters. */
  write(tx: Db, items: Item[], context: JobContext<Needs, z.output<Options>>): Promise<Saved>
  /** What `write` would change, field by field, for `--dry-run`. */
  preview(db: Db, items: Item[], context: JobContext<Needs, z.output<Options>>): Promise<Change[]>
  /** After the last batch, in one transaction: marks what a full listing no longer has. A dry run only counts it. */
  finish?(tx: Db, context: JobContext<Needs, z.output<Options>>): Promise<Finished>
  /** Once all of it is committed: throws away what only served this run. */
  cleanUp?(context: JobContext<Needs, z.output<Options>>): Promise<void>
}

/** Keys of what was marked, or in a dry run would be. */
export type Finished = { marked: string[] }

export const defineSync = <
  Needs extends Record<string, Kind>,
  Options extends z.ZodObject,
  Checkpoint extends z.ZodType,
  Item,
>(
  job: SyncJob<Needs, Options, Checkpoint, Item>,
): SyncJob<Needs, Options, Checkpoint, Item> => job

/** A job of any shape, for lists and for the runner. */
// oxlint-disable-next-line typescript/no-explicit-any -- the parameters are contravariant in what `read` takes
export type AnyJob = SyncJob<any, any, any, any>

// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type AnyContext = JobContext<any, any>

/** The options that may stand in the config. */
export const configOptionsOf = ({ options, onlyFlags = [] }: AnyJob): z.ZodObject =>
  options.omit(Object.fromEntries(onlyFlags.map((name) => [name, true])))

/** What each run has to be told by whoever starts it: a job with any of these cannot be scheduled. */
export const toldPerRun = ({ options, onlyFlags = [] }: AnyJob): string[] =>
  onlyFlags.filter((name) => !options.shape[name].safeParse(undefined).success)

export type { Change, Counters }
