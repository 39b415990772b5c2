/** Whom an alert calls by name, where a robot can do that. */
import { z } from 'zod'
import { AlertLevel } from '../kinds/alert.ts'
import { bareText } from '../secret-form.ts'

export const mentionAll = z.boolean().default(false).meta({
  description: 'Call everybody in the group by name',
})

export const mentionUsers = (description: string, example: string) =>
  z
    .array(bareText().min(1))
    .default([])
    .meta({ description, example: [example] })

export const mentionMobiles = z
  .array(
    z
      .string({ error: 'must be a number in quotes' })
      .regex(/^\+?\d{5,15}$/, 'must be a telephone number'),
  )
  .default([])
  .meta({ description: 'Telephone numbers of members to call by name', example: ['18501234444'] })

export const mentionFrom = AlertLevel.default('warning').meta({
  description: 'The level from which on people are called by name',
})

/** Whether an alert of this level calls people by name. */
export const isLoud = (level: AlertLevel, from: AlertLevel): boolean =>
  AlertLevel.options.indexOf(level) >= AlertLevel.options.indexOf(from)
