#!/usr/bin/env node
// Checks the Node version before anything else is loaded: the SQLite addon crashes an older Node without a word.
// Plain syntax only, so that an old Node gets as far as the message.
'use strict'

const needed = [22, 22]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `✗ caravan needs Node ${needed.join('.')} or newer; this is ${process.versions.node} at ${process.execPath}\n` +
      '  Install a newer Node, or start caravan with npx inside its own folder, which brings one along.\n',
  )
  process.exitCode = 1
} else if (process.argv.length === 3 && /^(--version|-V)$/.test(process.argv[2])) {
  // Scripts ask this often and want nothing else.
  process.stdout.write(`${require('../package.json').version}\n`)
} else {
  process.title = 'caravan' // what ps, top and an error about a file in use call it
  keepCompiledCode()
  require('../dist/main.cjs').main(process.argv.slice(2))
}

/**
 * Compiled code is kept in a folder of this user's own: a shared one would let others plant code. The folders are made
 * here, one by one: where none can be made, as below /proc, Node's own way of making them tries for ever.
 */
function keepCompiledCode() {
  const cache = process.env.XDG_CACHE_HOME || (process.env.HOME && `${process.env.HOME}/.cache`)
  if (!cache) return
  const { existsSync, mkdirSync } = process.getBuiltinModule('node:fs')
  try {
    for (const folder of [cache, `${cache}/caravan`]) {
      if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    }
  } catch {
    return
  }
  process.getBuiltinModule('node:module').enableCompileCache(`${cache}/caravan`)
}
