import { Duration } from '../../config/durations.ts'
import { mask, maskAddresses } from '../../config/mask-text.ts'
import { Size } from '../../config/sizes.ts'
import { durationText } from '../../core/words.ts'
import type { z } from 'zod'

/** Bytes as the file writes them: `2GB`. */
export function sizeText(bytes: number): string {
  const units = [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KB', 1e3],
  ] as const
  const fit = units.find(([, unit]) => bytes >= unit && bytes % unit === 0)
  return fit ? `${bytes / fit[1]}${fit[0]}` : `${bytes}B`
}

/** A default as an operator would write it; schemas hold durations and sizes as numbers. */
export function defaultText(schema: z.core.$ZodType | undefined, value: unknown): unknown {
  if (typeof value !== 'number' || !schema) return value
  const bare = bareOf(schema)
  if (bare === Duration) return durationText(value)
  return bare === Size ? sizeText(value) : value
}

/** The default of a schema, as it is once parsed. */
export function defaultOf(schema: z.core.$ZodType | undefined): unknown {
  const def = schema?._zod.def as
    { innerType?: z.core.$ZodType; defaultValue?: unknown } | undefined
  return def?.defaultValue ?? (def?.innerType && defaultOf(def.innerType))
}

function bareOf(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType }
  return innerType ? bareOf(innerType) : schema
}

/** A value that may be shown: passwords in addresses are taken out, and all of it where it is a secret. */
export function shown(value: unknown, isSecret: boolean): unknown {
  if (value === null || value === undefined) return null
  if (isSecret) return mask
  if (typeof value === 'string') return maskAddresses(value)
  return value
}
