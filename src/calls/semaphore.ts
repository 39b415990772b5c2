/** A number of places. Whoever finds none waits in line until one is free or the signal is aborted. */
export type Semaphore = {
  /** Rejects with the signal's reason when it is aborted first. */
  enter(signal: AbortSignal): Promise<void>
  leave(): void
}

export function createSemaphore(places: number): Semaphore {
  let free = places
  const waiting = new Set<() => void>()
  return {
    enter(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (free > 0) {
          free -= 1
          return resolve()
        }
        const giveUp = () => {
          waiting.delete(pass)
          reject(signal.reason)
        }
        const pass = () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        waiting.add(pass)
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
    leave() {
      const [next] = waiting
      if (!next) {
        free += 1
        return
      }
      waiting.delete(next)
      next()
    },
  }
}
