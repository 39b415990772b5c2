import type { Kysely } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/** Which daemons work on this state, whether they still do, and what they last said of themselves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('daemons')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('process_started_at', 'text')
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('heartbeat_at', 'text', (column) => column.notNull())
    .addColumn('lease_until', 'text', (column) => column.notNull())
    .addColumn('ticked_at', 'text') // when the scheduler last looked for what is due
    .addColumn('stopped_at', 'text')
    .addColumn('listens_at', 'text')
    .addColumn('listen_error', 'text') // why it does not listen where the config says
    .addColumn('config_loaded_at', 'text')
    .addColumn('config_error', 'text') // why the file as it stands now is not in force
    .modifyEnd(strict)
    .execute()
}
