/** Run as a process of its own: a twin of Haier. Prints the config that points at it, serves until it is killed. */
import { haier } from '../../src/adapters/haier/index.ts'
import { startTwin } from '../../src/http/twin-server.ts'

const [products = '0', perSecond = '0'] = process.argv.slice(2)
const { config } = await startTwin(haier.twin, { products, per_second: perSecond })
process.stdout.write(`${JSON.stringify(config)}\n`)
