/** A process of its own that rotates keys or uses secrets, for tests that kill it: node keys-child.ts WAY FOLDER … */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { rotateKey } from '../app/keys/rotate.ts'
import { openKeys } from './keys.ts'

const [way = '', folder = '', argument = ''] = process.argv.slice(2)

const say = (line: string) => process.stdout.write(`${line}\n`)
const newPassphrase = () => Promise.reject(new Error('no passphrase was expected'))

const ways: Record<string, () => Promise<void>> = {
  /** Rotates once, and kills itself at the step of that number, counted from 1. */
  async rotate() {
    const { app, close } = await openKeys(folder)
    let step = 0
    const onStep = () => {
      step += 1
      if (step === Number(argument)) process.kill(process.pid, 'SIGKILL')
    }
    await rotateKey(app, { newPassphrase, onStep })
    await close()
    say('rotated')
  },

  /** Rotates until it is killed. */
  async rotations() {
    const { app } = await openKeys(folder)
    for (let n = 1; ; n++) {
      await rotateKey(app, { newPassphrase })
      say(`rotated ${n}`)
    }
  },

  /** Writes and reads its own secret and reads a shared one, until the folder holds a file named stop. */
  async use() {
    const { store, close } = await openKeys(folder)
    let rounds = 0
    for (; !existsSync(join(folder, 'stop')); rounds++) {
      await store.write(argument, `value ${rounds}`)
      const own = await store.read(argument)
      const shared = await store.read('secret 1')
      if (own !== `value ${rounds}` || shared !== 'value of secret 1') {
        throw new Error(`round ${rounds}: ${argument} is ${own}, and the shared one ${shared}`)
      }
      if (rounds === 0) say('begun')
      await turn()
    }
    await close()
    say(`${rounds}`)
  },
}

await ways[way]?.()
