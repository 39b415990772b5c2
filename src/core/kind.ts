import type { z } from 'zod'
import type { Money } from './money.ts'

/** What an operation does to the world; decides whether it is written down first and whether it needs consent. */
export type Effect = 'read' | 'write' | 'message' | 'money'

/** One thing a kind can be asked, in our own words. */
export type OperationShape = {
  summary: string
  effect: Effect
  input: z.ZodType
  output: z.ZodType
  /** Set for an operation that lists: it hands out batches of these and answers with `output` at the end. */
  item?: z.ZodType
  /** Whom it reaches: queued calls to one recipient keep their order. Given the checked input. */
  recipients?(input: never): string[]
  /** What a `money` operation moves; a person has to confirm it. Given the checked input. */
  amount?(input: never): Money
  /** What it is about, in a few words, for the question before it is done: `template order_shipped`. */
  describe?(input: never): string
  /** Whether some of it was done and some was not. Given the answer. */
  isPartial?(output: never): boolean
  /** Only the service that did something before can answer, such as for a message it sent: no other one is asked. */
  ofOneService?: true
  /** Counts up when an answer kept in the cache would no longer be understood; 1 when left out. */
  cacheVersion?: number
}

/** What a service does for us: the operations every adapter of the kind may offer, with their schemas. */
export type Kind<Shapes extends Record<string, OperationShape> = Record<string, OperationShape>> = {
  id: string
  title: string
  operations: Shapes
}

export type Operations<K> = K extends Kind<infer Shapes> ? Shapes : never
export type Input<Shape> = Shape extends { input: infer S extends z.ZodType } ? z.output<S> : never
export type Output<Shape> = Shape extends { output: infer S extends z.ZodType }
  ? z.output<S>
  : never
export type Item<Shape> = Shape extends { item: infer S extends z.ZodType } ? z.output<S> : never

/** Gives a kind its types; does nothing else. */
export const defineKind = <Shapes extends Record<string, OperationShape>>(
  kind: Kind<Shapes>,
): Kind<Shapes> => kind

/** A kind as a caller sees it: one function for each operation, whichever service serves it. */
export type Client<K> = {
  [Name in keyof Operations<K>]: Operations<K>[Name] extends { item: z.ZodType }
    ? (
        input: z.input<Operations<K>[Name]['input']>,
        sink: Sink<Item<Operations<K>[Name]>>,
        options?: CallOptions,
      ) => Promise<Output<Operations<K>[Name]>>
    : (
        input: z.input<Operations<K>[Name]['input']>,
        options?: CallOptions,
      ) => Promise<Output<Operations<K>[Name]>>
}

/** Where a listing goes. `begin` comes at the start of every attempt: what an earlier attempt left is to be discarded. */
export type Sink<T> = {
  begin(): Promise<void>
  write(items: T[]): Promise<void>
}

export type CallOptions = {
  signal?: AbortSignal
  idempotencyKey?: string
}
