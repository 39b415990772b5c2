import { inspect } from 'node:util'
import { z } from 'zod'

/** A value that must not be shown: prints as `***` whatever prints it, until `reveal()`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return '***'
  }
}

/** A config field that holds a secret. The parsed value is a `Secret`; the form asks for it without showing it. */
export const secret = (description: string) =>
  z
    .union([z.instanceof(Secret), z.string().min(1, 'must not be empty')])
    .transform((value) => (value instanceof Secret ? value : new Secret(value)))
    .meta({ description, secret: true })
