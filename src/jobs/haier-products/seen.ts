import { type Expression, sql } from 'kysely'

/** Query of one column: the codes a listing has. */
export const listedIn = (listingId: string): Expression<unknown> =>
  sql`(select external_id from listing_items where listing_id = ${listingId})`
