/** What would change in one record, field by field. */
export type Change = {
  key: string
  action: 'create' | 'change' | 'mark'
  fields: { field: string; before: unknown; after: unknown }[]
}
