/** The operations as the library's types see them, read from the kinds. The published types are made from the same schemas. */
import type { z } from 'zod'
import type { Operations as ShapesOf } from './core/kind.ts'
import type { Kinds } from './core/kinds/index.ts'

type Named<K extends keyof Kinds & string> = {
  [Name in keyof ShapesOf<Kinds[K]> & string as `${K}.${Name}`]: Typed<ShapesOf<Kinds[K]>[Name]>
}

type Typed<Shape> = Shape extends {
  input: infer I extends z.ZodType
  output: infer O extends z.ZodType
}
  ? {
      input: z.input<I>
      output: z.output<O>
      item: Shape extends { item: infer T extends z.ZodType } ? z.output<T> : never
    }
  : never

type Joined<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never

/** Every operation by its name with its kind. */
export type Operations = Joined<{ [K in keyof Kinds & string]: Named<K> }[keyof Kinds & string]>
