/** Run as a process of its own: writes so many products in one way and prints its peak memory in bytes. */
import { connect, createKysely } from '../../src/store/sqlite.ts'
import type { Database } from '../../src/store/schema.ts'
import { preparedLoop, throughRepository, throughUpsert } from './state-writers.ts'

const [path = '', way = '', count = '0'] = process.argv.slice(2)
const handle = connect(path, 'FULL')
const db = createKysely<Database>(handle, path)
const writers = {
  prepared: () => preparedLoop(handle),
  upsert: () => throughUpsert(db),
  repository: () => throughRepository(db),
}
const write = writers[way as keyof typeof writers]()
await write(Number(count), 0)
process.stdout.write(String(process.resourceUsage().maxRSS * 1024))
handle.close()
