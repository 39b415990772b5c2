/** What a supplier told of our orders. */
import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'

export type OrderState = Selectable<Database['order_states']>

/** False: something that happened later is known already, and stays. */
export async function saveOrderState(tx: Db, state: OrderState): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('order_states')
    .values(state)
    .onConflict((conflict) =>
      conflict
        .columns(['service', 'order_no', 'event_type'])
        .doUpdateSet(state)
        .where(({ or, eb, ref }) =>
          or([
            eb('order_states.at', 'is', null),
            eb(ref('excluded.at'), 'is', null),
            eb('order_states.at', '<=', ref('excluded.at')),
          ]),
        ),
    )
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export const listOrderStates = (
  db: Db,
  { service, orderNo }: { service: string; orderNo: string },
): Promise<OrderState[]> =>
  db
    .selectFrom('order_states')
    .selectAll()
    .where('service', '=', service)
    .where('order_no', '=', orderNo)
    .orderBy('event_type')
    .execute()
