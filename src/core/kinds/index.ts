/** Every kind of service, in the order in which they are shown. */
import { alert } from './alert.ts'
import { sms } from './sms.ts'
import { supplier } from './supplier.ts'

export const kinds = { supplier, sms, alert } as const

export type Kinds = typeof kinds
