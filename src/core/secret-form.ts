import { z } from 'zod'
import { secret } from './secret.ts'

/** Nothing is trimmed silently: what was copied along is named. */
export const surrounded = 'has blanks or a line end before or behind it'

export const isBare = (text: string): boolean => text === text.trim()

/** A text that nothing surrounds; rules that follow are looked at when nothing does. */
export const bareText = (params?: Parameters<typeof z.string>[0]) =>
  z.string(params).refine(isBare, { error: surrounded, abort: true })

/** A secret that nothing surrounds, as programs make them. */
export const bareSecret = (description: string) =>
  secret(description).refine((value) => isBare(value.reveal()), { error: surrounded, abort: true })

/** A secret of a known form: what is certainly wrong is found before anything is sent. `says` never shows the value. */
export const secretOf = (
  description: string,
  { fits, says }: { fits(value: string): boolean; says: string },
) => bareSecret(description).refine((value) => fits(value.reveal()), says)

/** For keys and tokens that a vendor has made. */
export const oneWord = {
  fits: (value: string) => !/\s/.test(value),
  says: 'holds a blank or a line end; it was probably pasted along',
}
