import { messageOf } from '../../core/errors.ts'
import type { Check, Finding } from './check.ts'

const id = 'platform'

const leastNode = [22, 22]

export const platform: Check = {
  id,
  title: 'Node and SQLite',
  async run({ app }) {
    const findings = [...ofNode(process.versions.node), ...(await ofSqlite())]
    if (app.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
      findings.push({
        check: id,
        severity: 'problem',
        what: 'NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked',
        why: 'whoever stands between caravan and a vendor reads the credentials',
        mend: 'unset NODE_TLS_REJECT_UNAUTHORIZED',
      })
    }
    return findings
  },
}

function ofNode(version: string): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = leastNode
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return [
      {
        check: id,
        severity: 'problem',
        what: `caravan needs Node ${leastNode.join('.')} or newer; this is ${version}`,
        mend: 'Install a newer Node, or start caravan with npx inside its own folder.',
      },
    ]
  }
  if (major % 2 === 0) return []
  return [
    {
      check: id,
      severity: 'note',
      what: `Node ${version} is of a line that gets no long support`,
      mend: 'Install the newest Node of an even number.',
    },
  ]
}

/** Its native part is made for one Node and one system. */
async function ofSqlite(): Promise<Finding[]> {
  try {
    const { sqliteVersion } = await import('../../store/look.ts')
    sqliteVersion()
    return []
  } catch (error) {
    return [
      {
        check: id,
        severity: 'problem',
        what: 'better-sqlite3 cannot be loaded, so no state can be opened',
        why: messageOf(error).split('\n')[0],
        mend: 'npm rebuild better-sqlite3',
      },
    ]
  }
}
